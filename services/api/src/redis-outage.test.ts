import { setTimeout as delay } from 'node:timers/promises';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { eventually } from '@caissa/testing/eventually';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../test-support/start-test-api.js';

let proxy: RedisProxy;
let api: TestApi;
let exported: string;
let jobId: string;

beforeAll(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  api = await startTestApi(proxy.url);
  await api.addModel('model_v1');
  exported = (await api.addExport('model_v1_export_20251007_031138', 'onnx', new Uint8Array(10))).filename;
  const response = await fetch(`${api.url}/api/model/export/onnx/model_v1`, { method: 'POST' });
  jobId = ((await response.json()) as { job_id: string }).job_id;
});

afterAll(async () => {
  await api.close();
  await proxy.stop();
});

const ROUTES: [string, string, RequestInit?][] = [
  ['GET', '/api/model/list'],
  ['GET', '/api/model/info/model_v1'],
  ['GET', '/api/model/exports'],
  ['GET', '/api/model/current'],
  ['GET', '/api/device/info'],
  ['POST', '/api/model/export/onnx/model_v1?wait=10'],
  ['POST', '/api/model/load/model_v1'],
  ['DELETE', '/api/model/exports/FILE'],
  [
    'POST',
    '/api/model/exports/cleanup',
    { body: '{"keep_recent":0}', headers: { 'Content-Type': 'application/json' } },
  ],
  ['PUT', '/api/model/upload/new', { body: 'x', headers: { 'Content-Type': 'application/octet-stream' } }],
  ['GET', '/api/jobs'],
  ['GET', '/api/jobs/JOB'],
  ['GET', '/api/jobs/JOB/events'],
  ['DELETE', '/api/jobs/JOB'],
  ['POST', '/api/jobs/JOB/retry'],
];

async function expectRefusal([method, path, init]: (typeof ROUTES)[number]): Promise<void> {
  const response = await fetch(api.url + path.replace('JOB', jobId).replace('FILE', exported), { method, ...init });
  const { code } = (await response.json()) as { code: string };
  expect([method, path, response.status, code]).toEqual([method, path, 503, 'REDIS_UNAVAILABLE']);
  expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
}

const untilBack = () => eventually('Redis is back', async () => (await fetch(`${api.url}/api/jobs`)).status === 200);

describe('while Redis is away', () => {
  beforeEach(untilBack);

  it('every route that needs it answers 503 within a second, and recovers by itself', async () => {
    await proxy.stop();
    await eventually('the loss is noticed', () => api.context.jobs.redis.status !== 'ready');
    for (const route of ROUTES) await atBestWithin(1_000, () => expectRefusal(route));
    await proxy.start();
    await untilBack();
    expect((await fetch(`${api.url}/api/model/info/model_v1`)).status).toBe(200);
  });

  it('so it is while Redis is frozen', async () => {
    proxy.freeze();
    await atBestWithin(1_000, () => Promise.all(ROUTES.map(expectRefusal)));
    proxy.thaw();
    await untilBack();
  });

  it('a request of many commands is refused within a second of the moment when Redis freezes', async () => {
    const timesMs: number[] = [];
    for (let round = 0; round < 3; round++) {
      await untilBack();
      proxy.freeze();
      const begun = performance.now();
      const headers = { 'Idempotency-Key': `frozen-${round}` };
      await expectRefusal(['POST', '/api/model/export/pytorch/model_v1', { headers }]);
      timesMs.push(performance.now() - begun);
      proxy.thaw();
    }
    expect(Math.min(...timesMs)).toBeLessThan(1_000);
  });

  it('files can be downloaded all the same', async () => {
    await proxy.stop();
    const response = await fetch(`${api.url}/api/model/download/${exported}`);
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 10]);
    const missing = await fetch(`${api.url}/api/model/download/nothing.pt`);
    expect(missing.status).toBe(404);
    await proxy.start();
  });

  it('a request that is held answers with its job', async () => {
    const held = fetch(`${api.url}/api/model/export/pytorch/model_v1?wait=30`, { method: 'POST' });
    await eventually('the job is there', async () => {
      const response = await fetch(`${api.url}/api/jobs?type=export&limit=1`);
      const { jobs } = (await response.json()) as { jobs: { format: string }[] };
      return jobs[0]?.format === 'pytorch';
    });
    await delay(500);
    await proxy.stop();
    const response = await held;
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ job_id: expect.stringMatching(/^export-/) });
    await proxy.start();
  });
});

describe('after Redis has lost everything', () => {
  beforeEach(untilBack);

  it('the lists are made again from the disk', async () => {
    const { redis, keys } = api.context.jobs;
    await redis.del(keys.exports, keys.exportsByDate, keys.exportsChanges, keys.catalogue, keys.catalogueChanges);
    await proxy.stop();
    await eventually('the loss is noticed', () => redis.status !== 'ready');
    await proxy.start();
    await untilBack();
    await eventually('the export is listed', async () => {
      const { exports } = (await (await fetch(`${api.url}/api/model/exports`)).json()) as { exports: unknown[] };
      return exports.length === 1;
    });
    const queue = api.context.jobs.queues.inspect.queue;
    await eventually('an inspection is asked for', async () => (await queue.getWaitingCount()) > 0);
  });
});
