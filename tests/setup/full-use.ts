import { randomUUID } from 'node:crypto';
import { copyFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSampleModels } from '@caissa/conversion';
import { expect } from 'vitest';
import { Client } from './client.js';
import { evaluate } from './evaluation-load.js';
import { type System, type SystemOptions, startSystem, until } from './system.js';

const checkpoint = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');

/** Longest time that a failover takes: Sentinels that get no time to run do nothing for half a minute, to be safe. */
const FAILOVER_LIMIT_MS = 240_000;

/** Starts a system with one process of each kind, which counts requests, on the Redis of a test. */
export function startOnRedis(options: Pick<SystemOptions, 'redisUrl' | 'env'>): Promise<System> {
  return startSystem({
    ...options,
    env: { RATE_LIMIT_PER_MINUTE: '1000000', LOG_LEVEL: 'debug', ...options.env },
    prepare: async ({ dataDir, modelsDir }) => {
      await copyFile(checkpoint, join(modelsDir, 'model_v1.pt'));
      const samples = join(dataDir, 'samples');
      await writeSampleModels(samples);
      await rename(join(samples, 'model_v1.pt'), join(modelsDir, 'large.pt'));
    },
  });
}

/** Does once what users do, so that each script, transaction and channel is used on the Redis of the system. */
export async function useEverything(system: System): Promise<void> {
  const client = new Client(system.url);
  await client.model('model_v1');
  const events = await listen(`${system.url}/api/jobs/events`);
  try {
    const request = [`/api/model/export/onnx/model_v1`, { metadata: { use: randomUUID() } }] as const;
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await client.post(...request, key);
    expect(first.status).toBe(202);
    const id = String(first.body['job_id']);
    expect((await client.post(...request, key)).body['job_id']).toBe(id);
    const job = await client.finish(id);
    expect(job).toMatchObject({ status: 'completed', attempts: 1 });
    const { download_url: url, filename } = job.result as { download_url: string; filename: string };
    await client.download(url);
    await until('the feed tells of it', () => new RegExp(`${id}[^\\n]*completed`).test(events.text()));
    expect((await client.get('/api/model/exports')).body['count']).toBe(1);
    expect((await client.send('DELETE', `/api/model/exports/${filename}`)).status).toBe(200);
    expect((await client.send('DELETE', `/api/jobs/${id}`)).body['code']).toBe('JOB_FINISHED');
  } finally {
    events.close();
  }
  for (const generation of [1, 2]) {
    const loaded = await client.post('/api/model/load/model_v1?wait=60');
    expect(loaded).toMatchObject({ status: 200, body: { generation, replicas: { ready: 1, total: 1 } } });
  }
  expect(await evaluate(system.url)).toMatchObject({ model_name: 'model_v1', generation: 2 });
  expect((await client.get('/api/model/activations')).body['count']).toBe(2);
  expect((await client.get('/api/jobs?limit=2')).body['jobs']).toHaveLength(2);
  expect((await client.get('/admin/queues/api/queues')).status).toBe(200);
  expect(String((await client.get('/metrics')).body['text'])).toContain('caissa');
  expect(system.logs().match(/NOPERM|CROSSSLOT|NOAUTH|WRONGPASS|Too many Cluster redirections/)).toBeNull();
}

/**
 * Takes the server that holds everything away while jobs wait and run: requests fail fast until there is another one, and
 * no job is lost.
 */
export async function loseServer(system: System, take: () => Promise<void>): Promise<void> {
  const client = new Client(system.url);
  await client.model('large');
  const { generation } = await readActive(client);
  const ids: string[] = [];
  // Three times as many as an exporter works on at once.
  for (let count = 0; count < 6; count++) {
    ids.push(await client.export('onnx', 'large', { metadata: { use: randomUUID() } }));
  }
  expect((await client.job(ids.at(-1) ?? '')).status).not.toBe('completed');
  const events = await listen(`${system.url}/api/jobs/events`);
  await take();
  await until('a request is taken', () => tryExport(client), FAILOVER_LIMIT_MS);
  await until(
    'the feed tells that something may be missing',
    () => (events.text().match(/^event: ?ready$/gm)?.length ?? 0) > 1,
  );
  events.close();
  for (const id of ids) {
    await until(`job ${id} is known`, async () => (await client.get(`/api/jobs/${id}`)).status === 200);
    expect(await client.finish(id)).toMatchObject({ status: 'completed' });
  }
  expect(await readActive(client)).toMatchObject({ generation });
  const { body } = await client.post('/api/model/load/model_v1');
  const loaded = await client.finish(String(body['job_id']));
  expect(loaded).toMatchObject({ status: 'completed', result: { generation: generation + 1 } });
}

/** Whether a request was taken. One that was not must have been refused for the right reason, and soon. */
async function tryExport(client: Client): Promise<boolean> {
  const began = performance.now();
  const answer = await client.post('/api/model/export/pytorch/model_v1');
  if (answer.status === 202) return true;
  expect(answer).toMatchObject({ status: 503, body: { code: 'REDIS_UNAVAILABLE' } });
  expect(performance.now() - began).toBeLessThan(5_000);
  return false;
}

async function readActive(client: Client): Promise<{ readonly generation: number }> {
  const { body } = await client.get('/api/model/current');
  return { generation: Number(body['generation'] ?? 0) };
}

/** Reads a stream of events until it is closed. */
async function listen(url: string): Promise<{ text(): string; close(): void }> {
  const abort = new AbortController();
  const { body } = await fetch(url, { signal: abort.signal });
  let text = '';
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const bytes of body ?? []) text += decoder.decode(bytes, { stream: true });
  };
  read().catch(() => undefined);
  return { text: () => text, close: () => abort.abort() };
}
