import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { alternate, timed } from '../harness/alternate.js';
import type { Benchmark, BenchmarkContext, Comparison, Series } from '../harness/comparison.js';
import { runProgram } from './run-program.js';

const CAISSA = fileURLToPath(new URL('../../../services/cli/bin/caissa.mjs', import.meta.url));
const TORCH = fileURLToPath(new URL('../../cold-cli/torch_cold.py', import.meta.url));
const FORMATS = ['onnx', 'pytorch'] as const;

/** An export by a process that is started for it, against PyTorch started for it. */
export const coldCli: Benchmark = {
  name: 'cold-cli',
  summary: 'a full-size export by `caissa export`, process start included, against Python with PyTorch doing the same',
  async run(context) {
    if (context.python === undefined)
      context.say('No Python with PyTorch was found, so it is not measured; see --python.');
    const comparisons: Comparison[] = [];
    for (const format of FORMATS) comparisons.push(...(await measure(context, format)));
    return comparisons;
  },
};

async function measure(
  { checkpoint, folder, runs, python }: BenchmarkContext,
  format: (typeof FORMATS)[number],
): Promise<Comparison[]> {
  const out = join(folder, 'out');
  const contestant = (label: string, program: string, args: string[]) =>
    timed({
      label,
      async run() {
        await mkdir(out, { recursive: true });
        await runProgram(program, args);
      },
      after: () => rm(out, { recursive: true }),
    });
  const exportArgs = [CAISSA, 'export', checkpoint, '--format', format, '--verify', 'none', '--out', out, '--quiet'];
  const probes = [
    contestant(`caissa export --format ${format}`, process.execPath, exportArgs),
    contestant('node -e 0', process.execPath, ['-e', '0']),
    ...(python ? [contestant(`python: torch, ${format} export`, python, [TORCH, checkpoint, out, format])] : []),
  ];
  const [ours, node, torch] = (await alternate(probes, runs)) as [Series, Series, Series?];
  return [
    {
      title: `a cold .${format === 'onnx' ? 'onnx' : 'pt'} export, against an empty program`,
      unit: 'ms',
      reference: node,
      ours,
    },
    ...(torch
      ? [
          {
            title: `… against PyTorch, import included (${format})`,
            unit: 'ms',
            reference: torch,
            ours,
            target: { kind: 'ratio', atMost: 0.15 },
          } as const,
        ]
      : []),
  ];
}
