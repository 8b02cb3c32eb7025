import { parseArgs } from 'node:util';

/** What a run was asked to do. */
export interface Options {
  /** Names of benchmarks; all if empty. */
  readonly names: readonly string[];
  readonly json: boolean;
  readonly smoke: boolean;
  readonly runs: number;
  readonly checkpoint: string | undefined;
  readonly python: string | undefined;
  readonly help: boolean;
}

/** Fewer give no median worth comparing. */
const DEFAULT_RUNS = 9;
const SMOKE_RUNS = 3;

/** What the program takes. */
export const USAGE = `Usage: npm run bench -- [name…] [options]

  --runs N           measured runs of each contestant (${DEFAULT_RUNS})
  --json             one JSON document on standard output, remarks on standard error
  --smoke            ${SMOKE_RUNS} runs; fails only what is several times over its target
  --checkpoint FILE  exports this checkpoint instead of a full-size one made for the run
  --python PATH      a Python with PyTorch, to measure it too; the one of \`npm run test:interop\` by default
`;

/**
 * Reads the command line.
 * @throws Error with a sentence if it cannot be understood
 */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      json: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      checkpoint: { type: 'string' },
      python: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { json, smoke, checkpoint, python, help } = values;
  const runs = values.runs === undefined ? (smoke ? SMOKE_RUNS : DEFAULT_RUNS) : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs must be a whole number of at least 1.');
  return { names: positionals, json, smoke, runs, checkpoint, python, help };
}
