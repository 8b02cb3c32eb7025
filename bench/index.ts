import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { accept } from './accept/index.js';
import { coldCli } from './cold-cli/index.js';
import { coldStart } from './cold-start/index.js';
import { downloads } from './downloads/index.js';
import { exportCore } from './export-core/index.js';
import { exportHuge } from './export-huge/index.js';
import { exportMemory } from './export-memory/index.js';
import { exportVerify } from './export-verify/index.js';
import { writeCheckpointFile } from './harness/checkpoint-file.js';
import type { Benchmark, BenchmarkContext } from './harness/comparison.js';
import { findPythonWithTorch } from './harness/find-python.js';
import { describeMachine, machineLine } from './harness/machine.js';
import { type Options, readOptions, USAGE } from './harness/options.js';
import { comparisonJson, comparisonLines } from './harness/report.js';
import { judge, summaryLine, type Verdict } from './harness/verdict.js';
import { inference } from './inference/index.js';
import { lists } from './lists/index.js';
import { queue } from './queue/index.js';
import { webPage } from './web-page/index.js';

/** Not the system's folder for temporary files: that may be memory, and a disk is to be measured. */
const SCRATCH = '.cache/bench';

const BENCHMARKS: readonly Benchmark[] = [
  exportCore,
  exportMemory,
  exportHuge,
  accept,
  inference,
  webPage,
  exportVerify,
  queue,
  lists,
  downloads,
  coldCli,
  coldStart,
];

function chosen({ names, smoke }: Options): readonly Benchmark[] {
  const unknown = names.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) throw new Error(`There is no benchmark "${unknown}".\n\n${help()}`);
  if (names.length === 0) return BENCHMARKS.filter(({ onlyByName = false }) => smoke || !onlyByName);
  return BENCHMARKS.filter(({ name }) => names.includes(name));
}

function help(): string {
  return `${USAGE}\n${BENCHMARKS.map(({ name, summary }) => `  ${name.padEnd(16)}${summary}`).join('\n')}\n`;
}

/** Runs benchmarks one after the other, each in a folder of its own. Returns whether nothing fails the run. */
async function runAll(options: Options, scratch: string): Promise<boolean> {
  const say = (line: string) => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const checkpoint = options.checkpoint === undefined ? join(scratch, 'full-size.pt') : resolve(options.checkpoint);
  if (options.checkpoint === undefined) await writeCheckpointFile(checkpoint);
  const python = await findPythonWithTorch(options.python);
  const machine = describeMachine();
  say(machineLine(machine));
  const results: object[] = [];
  const verdicts: Verdict[] = [];
  for (const benchmark of chosen(options)) {
    const folder = join(scratch, benchmark.name);
    await mkdir(folder);
    say(`\n${benchmark.name}: ${benchmark.summary}`);
    const { runs, smoke } = options;
    const context: BenchmarkContext = { runs, smoke, folder, checkpoint, python, say };
    for (const comparison of await benchmark.run(context)) {
      const verdict = judge(comparison, options.smoke);
      verdicts.push(verdict);
      for (const line of comparisonLines(comparison, verdict)) say(line);
      results.push({ benchmark: benchmark.name, ...comparisonJson(comparison, verdict) });
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, runs: options.runs, results }, undefined, 2)}\n`);
  say(`\n${summaryLine(verdicts, options.smoke)}`);
  return !verdicts.some(({ fails }) => fails);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(help());
    return;
  }
  chosen(options);
  await mkdir(SCRATCH, { recursive: true });
  const scratch = resolve(await mkdtemp(join(SCRATCH, 'run-')));
  try {
    if (!(await runAll(options, scratch))) process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
