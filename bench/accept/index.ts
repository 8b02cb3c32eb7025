import { join } from 'node:path';
import { startRedisServer, usablePort } from '@caissa/launcher';
import type { ExportJobData } from '@caissa/shared/contracts';
import { alternate } from '../harness/alternate.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { QueueClient } from '../harness/queue-client.js';
import { startService } from '../harness/service-processes.js';
import { median } from '../harness/statistics.js';
import { type Call, HttpClient, type Load, medianLatency } from './http-client.js';
import { modelName, untilListed, writeModels } from './model-folder.js';
import { startBareExpress } from './start-bare-express.js';

/** As many models as a list has to be fast with. */
const MODEL_COUNT = 200;

const ONE_AT_A_TIME: Load = { requests: 100, inFlight: 1 };
const MANY_AT_A_TIME: Load = { requests: 160, inFlight: 16 };
const LIST: Call = { method: 'GET', path: '/api/model/list' };
const ACCEPT_TARGET_MS = 10;
const LIST_TARGET_MS = 20;

/** How fast the API answers a client, while the workers are idle and while they are busy. */
export const accept: Benchmark = {
  name: 'accept',
  summary:
    'how long a client waits for 202 after POST, and for the list of 200 models; each value is the p50 of a round',
  async run({ folder, runs, say }) {
    const dataDir = join(folder, 'data');
    await writeModels(join(dataDir, 'models'), MODEL_COUNT);
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const environment = { redisUrl: redis.url, dataDir };
    const port = await usablePort('127.0.0.1', 0);
    const api = startService('api', { ...environment, port });
    let exporter = startService('exporter', environment);
    const client = new HttpClient(port);
    const queue = await QueueClient.open(redis.url);
    try {
      const list = await untilListed(client, MODEL_COUNT);
      await exporter.stop();
      const accepted = (await client.call(newExport())).body.toString();
      const bare = await startBareExpress({ list, accepted });
      const idle = await measureIdle({ client, bare: new HttpClient(bare.port), queue }, runs);
      bare.stop();
      // It has all that was accepted so far before it.
      exporter = startService('exporter', environment);
      return [...idle, ...(await measureBusy(client, runs))];
    } finally {
      client.close();
      await queue.close();
      await exporter.stop();
      await api.stop();
      await redis.stop();
    }
  },
};

interface Clients {
  readonly client: HttpClient;
  readonly bare: HttpClient;
  readonly queue: QueueClient;
}

async function measureIdle({ client, bare, queue }: Clients, runs: number): Promise<Comparison[]> {
  const post = (to: HttpClient, load: Load) => () => medianLatency(to, load, 202, newExport);
  const list = (to: HttpClient, load: Load) => () => medianLatency(to, load, 200, () => LIST);
  const label = 'Caissa';
  const bareLabel = 'a bare Express route, same bytes';
  const [post1, barePost1, add, list1, bareList1, post16, barePost16, list16, bareList16] = (await alternate(
    [
      { label, measure: post(client, ONE_AT_A_TIME) },
      { label: bareLabel, measure: post(bare, ONE_AT_A_TIME) },
      { label: 'a bare queue.add of BullMQ', measure: () => medianAdd(queue) },
      { label, measure: list(client, ONE_AT_A_TIME) },
      { label: bareLabel, measure: list(bare, ONE_AT_A_TIME) },
      { label, measure: post(client, MANY_AT_A_TIME) },
      { label: bareLabel, measure: post(bare, MANY_AT_A_TIME) },
      { label, measure: list(client, MANY_AT_A_TIME) },
      { label: bareLabel, measure: list(bare, MANY_AT_A_TIME) },
    ],
    runs,
  )) as [Series, Series, Series, Series, Series, Series, Series, Series, Series];
  bare.close();
  const acceptTarget = { kind: 'value', atMost: ACCEPT_TARGET_MS } as const;
  const listTarget = { kind: 'value', atMost: LIST_TARGET_MS } as const;
  return [
    { title: 'POST to 202', unit: 'ms', reference: barePost1, ours: post1, target: acceptTarget, informs: true },
    { title: 'POST to 202, against the queue alone', unit: 'ms', reference: add, ours: post1 },
    { title: 'list of 200 models', unit: 'ms', reference: bareList1, ours: list1, target: listTarget, informs: true },
    { title: 'POST to 202, 16 at a time', unit: 'ms', reference: barePost16, ours: post16 },
    { title: 'list of 200 models, 16 at a time', unit: 'ms', reference: bareList16, ours: list16 },
  ];
}

async function measureBusy(client: HttpClient, runs: number): Promise<Comparison[]> {
  const [post, list] = (await alternate(
    [
      { label: 'Caissa', measure: () => medianLatency(client, ONE_AT_A_TIME, 202, newExport) },
      { label: 'Caissa', measure: () => medianLatency(client, ONE_AT_A_TIME, 200, () => LIST) },
    ],
    runs,
  )) as [Series, Series];
  return [
    { title: 'POST to 202 while an exporter works', unit: 'ms', ours: post },
    { title: 'list of 200 models while an exporter works', unit: 'ms', ours: list },
  ];
}

let exportsAskedFor = 0;

/** An export that nobody has asked for yet: the same one again would join the job that is there. */
function newExport(): Call {
  exportsAskedFor += 1;
  return {
    method: 'POST',
    path: `/api/model/export/onnx/${modelName(1)}`,
    json: { metadata: { number: exportsAskedFor }, options: { verify: 'none' } },
  };
}

async function medianAdd({ context }: QueueClient): Promise<number> {
  const data: ExportJobData = {
    model_name: modelName(1),
    format: 'onnx',
    metadata: {},
    options: { opset: 11, verify: 'none' },
  };
  const elapsed: number[] = [];
  for (let index = 0; index < ONE_AT_A_TIME.requests; index++) {
    const begun = performance.now();
    await context.queues.export.queue.add('export', data);
    elapsed.push(performance.now() - begun);
  }
  return median(elapsed);
}
