import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Format, VerifyLevel } from '@caissa/formats';
import { startRedisServer } from '@caissa/launcher';
import { LARGE, writeCheckpointFile } from '../harness/checkpoint-file.js';
import type { Benchmark, Comparison } from '../harness/comparison.js';
import { QueueClient } from '../harness/queue-client.js';
import { type ServiceProcess, startService } from '../harness/service-processes.js';
import { canMeasureMemory, processAndChildren, readMemory, resetPeak } from './process-memory.js';

const MODEL = 'model_v1';
const LARGE_MODEL = 'model_large';
/** Each run starts a process and waits until that is still, and the numbers hardly differ. */
const RUNS_SAVED = 3;
const TARGET_MB = 64;
/** An exporter is idle when its memory has not moved by more than this for as long as this. */
const STILL_MB = 0.25;
const STILL_MS = 1_000;

/** What a fresh exporter does, and how often. */
interface Variant {
  readonly title: string;
  readonly model: string;
  readonly format: Format;
  readonly verify: VerifyLevel;
  readonly times: number;
  /** Absent where the number only informs. */
  readonly atMostMb?: number;
}

const ONE_EXPORT = (['none', 'quick'] as const).flatMap((verify) =>
  (['pytorch', 'onnx'] as const).map(
    (format): Variant => ({
      title: `${format} export, verify ${verify}`,
      model: MODEL,
      format,
      verify,
      times: 1,
      atMostMb: TARGET_MB,
    }),
  ),
);

/** A model four times as large must not take more. Many exports one after the other fill the young heap to its limit. */
const VARIANTS: readonly Variant[] = [
  ...ONE_EXPORT,
  {
    title: 'pytorch export of 170 MB',
    model: LARGE_MODEL,
    format: 'pytorch',
    verify: 'none',
    times: 1,
    atMostMb: TARGET_MB,
  },
  { title: 'onnx export of 170 MB', model: LARGE_MODEL, format: 'onnx', verify: 'none', times: 1, atMostMb: TARGET_MB },
  { title: '20 onnx exports', model: MODEL, format: 'onnx', verify: 'none', times: 20 },
];

/** Growth of a fresh exporter's memory, from idle to the peak of its first exports. */
export const exportMemory: Benchmark = {
  name: 'export-memory',
  summary:
    'how much more memory a fresh, idle exporter takes for exports (with the process that converts, without onnxruntime)',
  async run({ folder, checkpoint, runs, say }) {
    if (!canMeasureMemory()) {
      say('Left out: only Linux tells the peak of a process.');
      return [];
    }
    const dataDir = join(folder, 'data');
    await mkdir(join(dataDir, 'models'), { recursive: true });
    await copyFile(checkpoint, join(dataDir, 'models', `${MODEL}.pt`));
    await writeCheckpointFile(join(dataDir, 'models', `${LARGE_MODEL}.pt`), LARGE);
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const client = await QueueClient.open(redis.url);
    try {
      const measured = VARIANTS.map((variant) => ({ ...variant, growth: [] as number[] }));
      for (let round = 0; round < Math.ceil(runs / RUNS_SAVED); round++) {
        for (const variant of measured) {
          const exporter = startService('exporter', { redisUrl: redis.url, dataDir });
          variant.growth.push(await growth(exporter, client, variant).finally(() => exporter.stop()));
        }
      }
      return measured.map(toComparison);
    } finally {
      await client.close();
      await redis.stop();
    }
  },
};

async function growth(exporter: ServiceProcess, client: QueueClient, variant: Variant): Promise<number> {
  const { model, format, verify, times } = variant;
  const idleMb = await untilStill(exporter.pid);
  const processes = await processAndChildren(exporter.pid);
  for (const pid of processes) await resetPeak(pid);
  for (let number = 0; number < times; number++) {
    const options = { opset: 11, verify };
    await client.export({ model_name: model, format, metadata: { number }, options });
  }
  const after = await Promise.all(processes.map(readMemory));
  return after.reduce((sum, { peakMb }) => sum + peakMb, -idleMb);
}

/** Resident memory of an exporter once it has stopped changing. */
async function untilStill(pid: number): Promise<number> {
  let level = await residentMb(pid);
  for (let since = Date.now(); Date.now() - since < STILL_MS; ) {
    await delay(STILL_MS / 20);
    const now = await residentMb(pid);
    if (Math.abs(now - level) <= STILL_MB) continue;
    level = now;
    since = Date.now();
  }
  return level;
}

async function residentMb(pid: number): Promise<number> {
  const memories = await Promise.all((await processAndChildren(pid)).map(readMemory));
  return memories.reduce((sum, memory) => sum + memory.residentMb, 0);
}

function toComparison({ title, atMostMb, growth: values }: Variant & { growth: number[] }): Comparison {
  return {
    title,
    unit: 'MB',
    ours: { label: 'peak over idle', values },
    ...(atMostMb === undefined ? {} : { target: { kind: 'value', atMost: atMostMb } }),
  };
}
