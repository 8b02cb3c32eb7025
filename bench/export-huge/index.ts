import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FULL_SIZE } from '@caissa/chess';
import { startRedisServer } from '@caissa/launcher';
import { durableFileCopy } from '../export-core/file-copy.js';
import { canMeasureMemory } from '../export-memory/process-memory.js';
import { timed } from '../harness/alternate.js';
import type { Benchmark, BenchmarkContext, Comparison } from '../harness/comparison.js';
import { writePatternedCheckpoint } from '../harness/patterned-checkpoint.js';
import type { Watched, WatchedRequest } from './watched-exporter.js';
import { WatchedProcess } from './watched-process.js';

const MODEL_FILE = 'model_v1.pt';

/** A copy or an export of gigabytes takes long enough to be measured by a few. */
const RUNS_SAVED = 3;

const TARGET_PEAK_MB = 150;
const TARGET_DELAY_MS = 50;

/** A checkpoint, and what an ONNX model may take to be one file. */
interface Size {
  readonly title: string;
  readonly architecture: typeof FULL_SIZE;
  readonly maxFileBytes: number;
}

const HUGE: readonly Size[] = [
  { title: '2 GB', architecture: { ...FULL_SIZE, channels: 1024, blocks: 28 }, maxFileBytes: 2 ** 31 - 1 },
  { title: '5 GB', architecture: { ...FULL_SIZE, channels: 1280, blocks: 43 }, maxFileBytes: 2 ** 31 - 1 },
];

/** The same ways in seconds. */
const SMOKE: readonly Size[] = [
  { title: '41 MB, with an ONNX limit of 16 MB', architecture: FULL_SIZE, maxFileBytes: 2 ** 24 },
];

const WORK = [
  { title: 'inspection', request: { type: 'inspect' } },
  { title: '.pt export', request: { type: 'export', format: 'pytorch', verify: 'none' }, atLeast: 1 / 2 },
  { title: '.onnx export', request: { type: 'export', format: 'onnx', verify: 'none' }, atLeast: 1 / 3 },
  { title: '.pt export, verify quick', request: { type: 'export', format: 'pytorch', verify: 'quick' } },
  { title: '.onnx export, verify quick', request: { type: 'export', format: 'onnx', verify: 'quick' } },
] as const satisfies readonly { title: string; request: WatchedRequest; atLeast?: number }[];

/** Exports of models of gigabytes: speed against a copy of the file, memory and the longest stop of the event loop. */
export const exportHuge: Benchmark = {
  name: 'export-huge',
  summary: 'models of 2 and 5 GB inside the worker, against a copy of the file (needs 20 GB of disk)',
  onlyByName: true,
  async run(context) {
    if (!canMeasureMemory()) {
      context.say('Left out: only Linux tells the peak of a process.');
      return [];
    }
    const redis = await startRedisServer({ dataDir: join(context.folder, 'redis'), onProgress: context.say });
    try {
      const comparisons: Comparison[] = [];
      for (const size of context.smoke ? SMOKE : HUGE)
        comparisons.push(...(await measureSize(context, redis.url, size)));
      return comparisons;
    } finally {
      await redis.stop();
    }
  },
};

async function measureSize(context: BenchmarkContext, redisUrl: string, size: Size): Promise<Comparison[]> {
  const models = join(context.folder, 'models');
  await mkdir(models);
  const checkpoint = join(models, MODEL_FILE);
  await writePatternedCheckpoint(checkpoint, size.architecture);
  const sizeMb = (await stat(checkpoint)).size / 1e6;
  const exports = join(context.folder, 'exports');
  const { maxFileBytes } = size;
  const exporter = await WatchedProcess.start({ redisUrl, models, exports, maxFileBytes });
  const copy = timed(durableFileCopy(checkpoint, join(context.folder, 'copy.pt')));
  const copies: number[] = [];
  const seen = WORK.map((work) => ({ ...work, watched: [] as Watched[] }));
  try {
    for (let round = 0; round < Math.ceil(context.runs / RUNS_SAVED); round++) {
      for (const { title, request, watched } of seen) {
        copies.push(sizeMb / ((await copy.measure()) / 1000));
        watched.push(await exporter.perform(request));
        say(context, `${size.title}, ${title}`, watched.at(-1));
      }
    }
  } finally {
    exporter.stop();
    await rm(models, { recursive: true });
    await rm(exports, { recursive: true, force: true });
  }
  return seen.flatMap((work) => comparisonsOf({ ...work, title: `${size.title}: ${work.title}` }, sizeMb, copies));
}

function say(context: BenchmarkContext, title: string, watched: Watched | undefined): void {
  if (watched === undefined) return;
  const { longestSilenceMs, verification } = watched;
  const said = verification === undefined ? '' : `, ${JSON.stringify(verification)}`;
  context.say(`    ${title}: ${longestSilenceMs.toFixed(0)} ms at most between two reports${said}`);
}

function comparisonsOf(
  { title, watched, atLeast }: { title: string; watched: readonly Watched[]; atLeast?: number },
  sizeMb: number,
  copies: readonly number[],
): Comparison[] {
  const label = 'Caissa';
  const delays = watched.map((one) => one.delays);
  return [
    {
      title,
      unit: 'MB/s',
      reference: { label: 'fs.copyFile + fsync', values: copies },
      ours: { label, values: watched.map(({ elapsedMs }) => sizeMb / (elapsedMs / 1000)) },
      ...(atLeast === undefined ? {} : { target: { kind: 'ratio', atLeast } }),
    },
    {
      title: `${title}, peak memory of the process`,
      unit: 'MB',
      ours: { label, values: watched.map(({ peakMb }) => peakMb) },
      target: { kind: 'value', atMost: TARGET_PEAK_MB },
    },
    {
      title: `${title}, longest delay of the event loop`,
      unit: 'ms',
      reference: {
        label: 'a timer was late, whoever had the core',
        values: delays.map(({ seenMs }) => seenMs),
      },
      ours: { label: 'the worker computed in one go', values: delays.map(({ ownMs }) => ownMs) },
      target: { kind: 'value', atMost: TARGET_DELAY_MS },
    },
  ];
}
