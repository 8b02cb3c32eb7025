import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedisServer } from '@caissa/launcher';
import { alternate, type Probe } from '../harness/alternate.js';
import { SMALL, writeCheckpointFile } from '../harness/checkpoint-file.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { QueueClient } from '../harness/queue-client.js';
import { type ServiceEnvironment, startService } from '../harness/service-processes.js';
import { emptyProgram, timeOfStart, untilPrinted, untilReady } from './start-probes.js';

const MODEL = 'model_v1';
const BARE_SERVICE = fileURLToPath(new URL('./bare-service.js', import.meta.url));

/** How long a built checkout with data takes to be of use. */
export const coldStart: Benchmark = {
  name: 'cold-start',
  summary: 'the system until it is ready, and a new worker until its first job is done, against bare processes',
  async run({ folder, runs, say }) {
    const dataDir = join(folder, 'data');
    const models = join(dataDir, 'models');
    await mkdir(models, { recursive: true });
    await writeCheckpointFile(join(models, `${MODEL}.pt`), SMALL);
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const client = await QueueClient.open(redis.url);
    try {
      const series = await alternate(
        [
          timeOfStart('run.mjs start until /readyz answers 200', () => untilReady(dataDir)),
          firstJob(client, { redisUrl: redis.url, dataDir }),
          emptyProgram(),
          timeOfStart('express and ioredis, connected and listening', () => untilPrinted(BARE_SERVICE, redis.url)),
        ],
        runs,
      );
      return compare(series as [Series, Series, Series, Series]);
    } finally {
      await client.close();
      await redis.stop();
    }
  },
};

function compare([system, worker, empty, bare]: [Series, Series, Series, Series]): Comparison[] {
  return [
    { title: 'the whole system', unit: 'ms', reference: bare, ours: system, target: { kind: 'value', atMost: 3000 } },
    { title: 'the whole system, against an empty program', unit: 'ms', reference: empty, ours: system },
    { title: 'a new worker', unit: 'ms', reference: bare, ours: worker, target: { kind: 'value', atMost: 1000 } },
    { title: 'a new worker, against an empty program', unit: 'ms', reference: empty, ours: worker },
  ];
}

/** A worker, from its start to the end of the first export that it makes. */
function firstJob(client: QueueClient, environment: ServiceEnvironment): Probe {
  const options = { opset: 11, verify: 'none' } as const;
  return timeOfStart('exporter until its first export is done', async () => {
    const worker = startService('exporter', environment);
    await client.export({ model_name: MODEL, format: 'pytorch', metadata: {}, options });
    return worker;
  });
}
