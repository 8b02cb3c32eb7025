import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startRedisServer } from '@caissa/launcher';
import type { ExportFormat, VerifyLevel } from '@caissa/shared';
import type { Benchmark, Comparison } from '../harness/comparison.js';
import { QueueClient } from '../harness/queue-client.js';
import { type ServiceProcess, startService } from '../harness/service-processes.js';
import { canMeasureMemory, readMemory, resetPeak } from './process-memory.js';

const MODEL = 'model_v1';
/** Each run starts a process; the numbers hardly differ. */
const MOST_RUNS = 5;
const TARGET_MB = 64;
/** An exporter is idle when its memory has not moved by more than this for as long as this. */
const STILL_MB = 0.25;
const STILL_MS = 1_000;

const VARIANTS: readonly { format: ExportFormat; verify: VerifyLevel }[] = [
  { format: 'pytorch', verify: 'none' },
  { format: 'onnx', verify: 'none' },
  { format: 'pytorch', verify: 'quick' },
  { format: 'onnx', verify: 'quick' },
];

/** Growth of a fresh exporter's memory, from idle to the peak of its first export. */
export const exportMemory: Benchmark = {
  name: 'export-memory',
  summary: 'how much more memory a fresh, idle exporter takes for its first full-size export (its own process only)',
  async run({ folder, checkpoint, runs, say }) {
    if (!canMeasureMemory()) {
      say('Left out: only Linux tells the peak of a process.');
      return [];
    }
    const dataDir = join(folder, 'data');
    await mkdir(join(dataDir, 'models'), { recursive: true });
    await copyFile(checkpoint, join(dataDir, 'models', `${MODEL}.pt`));
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const client = await QueueClient.open(redis.url);
    try {
      const measured = VARIANTS.map((variant) => ({ ...variant, growth: [] as number[] }));
      for (let round = 0; round < Math.min(runs, MOST_RUNS); round++) {
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

async function growth(
  exporter: ServiceProcess,
  client: QueueClient,
  { format, verify }: { format: ExportFormat; verify: VerifyLevel },
): Promise<number> {
  const idleMb = await untilStill(exporter.pid);
  await resetPeak(exporter.pid);
  await client.export({ model_name: MODEL, format, metadata: {}, options: { opset: 11, verify } });
  return (await readMemory(exporter.pid)).peakMb - idleMb;
}

/** Resident memory of a process once it has stopped changing. */
async function untilStill(pid: number): Promise<number> {
  let level = (await readMemory(pid)).residentMb;
  for (let since = Date.now(); Date.now() - since < STILL_MS; ) {
    await delay(STILL_MS / 20);
    const now = (await readMemory(pid)).residentMb;
    if (Math.abs(now - level) <= STILL_MB) continue;
    level = now;
    since = Date.now();
  }
  return level;
}

function toComparison({
  format,
  verify,
  growth: values,
}: (typeof VARIANTS)[number] & { growth: number[] }): Comparison {
  return {
    title: `${format} export, verify ${verify}`,
    unit: 'MB',
    ours: { label: 'peak over idle', values },
    target: { kind: 'value', atMost: TARGET_MB },
  };
}
