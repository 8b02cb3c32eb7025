import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRedisServer, usablePort } from '@caissa/launcher';
import { HttpClient } from '../accept/http-client.js';
import { alternate } from '../harness/alternate.js';
import { SMALL, writeCheckpointFile } from '../harness/checkpoint-file.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { QueueClient } from '../harness/queue-client.js';
import { startService } from '../harness/service-processes.js';
import { median } from '../harness/statistics.js';
import { writeBareExports } from './bare-files.js';
import { BareQueue } from './bare-queue.js';
import { clear, roundTrip, throughput } from './export-jobs.js';
import { untilReady } from './until-ready.js';

/** What one exporter has in hand at once, unless configured otherwise. */
const CONCURRENCY = 2;
const MANY_EXPORTERS = 4;
const ROUND_TRIPS = 30;
const WARM_UP_JOBS = 12;

/** Rounds of throughput: each takes half a minute, and so many exports have little chance left in them. */
const MOST_ROUNDS = 3;

/** How many exports are asked for, of one exporter and of others, in full and in a smoke run. */
const SIZES = { full: { many: 1_000, few: 300 }, smoke: { many: 30, few: 16 } };

/** What the queue costs beside the work itself. */
export const queue: Benchmark = {
  name: 'queue',
  summary: 'from the POST of an export to a poller that sees it completed; exports a second of a tiny model (1 MB)',
  async run({ folder, runs, smoke, say }) {
    const dataDir = join(folder, 'data');
    const models = join(dataDir, 'models');
    await mkdir(models, { recursive: true });
    await writeCheckpointFile(join(models, 'tiny.pt'), SMALL);
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const client = await QueueClient.open(redis.url);
    const environment = { redisUrl: redis.url, dataDir };
    try {
      const bench: QueueBench = { environment, client, exportsFolder: join(dataDir, 'exports'), folder };
      const latency = await measureRoundTrips(bench, runs);
      return [latency, ...(await measureThroughput(bench, runs, smoke ? SIZES.smoke : SIZES.full))];
    } finally {
      await client.close();
      await redis.stop();
    }
  },
};

interface QueueBench {
  readonly environment: { readonly redisUrl: string; readonly dataDir: string };
  readonly client: QueueClient;
  readonly exportsFolder: string;
  readonly folder: string;
}

async function measureRoundTrips({ environment, client, exportsFolder }: QueueBench, runs: number) {
  const port = await usablePort('127.0.0.1', 0);
  const api = startService('api', { ...environment, port });
  const exporter = startService('exporter', environment);
  const http = new HttpClient(port);
  const bare = await BareQueue.open({ redisUrl: environment.redisUrl, prefix: 'bare', concurrency: CONCURRENCY });
  try {
    await untilReady(http, 'tiny');
    const [reference, ours] = (await alternate(
      [
        { label: 'BullMQ alone, from add to completed', measure: () => medianOf(() => bare.roundTrip()) },
        { label: 'Caissa, from POST to completed', measure: () => medianOf(() => roundTrip(http)) },
      ],
      runs,
    )) as [Series, Series];
    const title = 'an export without its work, until a poller sees it completed; each value is the p50 of a round';
    return { title, unit: 'ms', reference, ours, target: { kind: 'ratio', atMost: 2 } } satisfies Comparison;
  } finally {
    await bare.close();
    http.close();
    await exporter.stop();
    await api.stop();
    await clear(client.context, exportsFolder);
  }
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  while (values.length < ROUND_TRIPS) values.push(await measure());
  return median(values);
}

async function measureThroughput(bench: QueueBench, runs: number, sizes: typeof SIZES.full): Promise<Comparison[]> {
  const { redisUrl, dataDir } = bench.environment;
  const folders = [join(dataDir, 'models'), join(bench.folder, 'bare-exports')] as const;
  const noOp = await BareQueue.open({ redisUrl, prefix: 'bare', concurrency: CONCURRENCY });
  const working = await BareQueue.open({ redisUrl, prefix: 'bare-work', concurrency: CONCURRENCY, folders });
  // An ONNX file is about as large as its checkpoint.
  const model = await readFile(join(dataDir, 'models', 'tiny.pt'));
  const bare = (inFlight: number) => writeBareExports(join(bench.folder, 'files'), model, sizes.few, inFlight);
  // The round that only warms up need not be a long one.
  let one = SIZES.smoke.many;
  const measureOne = async () => {
    const rate = await withExporters(bench, 1, one);
    one = sizes.many;
    return rate;
  };
  try {
    const series = (await alternate(
      [
        { label: 'BullMQ alone, jobs that do nothing', measure: () => noOp.throughput(sizes.few) },
        { label: 'BullMQ alone, the same exports', measure: () => working.throughput(sizes.few) },
        { label: 'files as large, written and flushed, two at a time', measure: () => bare(CONCURRENCY) },
        { label: 'Caissa, one exporter', measure: measureOne },
        { label: 'Caissa, four exporters', measure: () => withExporters(bench, MANY_EXPORTERS, sizes.few) },
      ],
      Math.min(runs, MOST_ROUNDS),
    )) as [Series, Series, Series, Series, Series];
    return compareThroughput(series, sizes.many);
  } finally {
    await working.close();
    await noOp.close();
  }
}

function compareThroughput(
  [nothing, work, files, one, four]: readonly [Series, Series, Series, Series, Series],
  count: number,
): Comparison[] {
  const target = { kind: 'ratio', atLeast: 0.5 } as const;
  const unit = 'jobs/s';
  return [
    { title: `${count} exports at once, none lost, none twice`, unit, reference: work, ours: one, target },
    { title: 'the same against files that are only written and flushed', unit, reference: files, ours: one },
    // Work against no work: a smoke run has nothing to say of it.
    { title: 'the same against jobs that do nothing', unit, reference: nothing, ours: one, target, informs: true },
    {
      title: 'four exporters on these cores',
      unit,
      reference: one,
      ours: four,
      target: { kind: 'ratio', atLeast: 1.8 },
      // With few cores, or a slow disk, four are hardly faster than one.
      informs: true,
    },
  ];
}

/** Starts exporters, lets them become warm, and measures them. */
async function withExporters({ environment, client, exportsFolder }: QueueBench, count: number, jobs: number) {
  const exporters = Array.from({ length: count }, () => startService('exporter', environment));
  try {
    await throughput(client, exportsFolder, WARM_UP_JOBS * count);
    return await throughput(client, exportsFolder, jobs);
  } finally {
    await Promise.all(exporters.map((exporter) => exporter.stop()));
  }
}
