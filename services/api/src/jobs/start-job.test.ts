import { setTimeout as delay } from 'node:timers/promises';
import { FormatError } from '@caissa/bytes';
import type { Format } from '@caissa/formats';
import type { Processor } from '@caissa/queue';
import type { ExportResult } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { BROKEN, NO_NETWORK, startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;

/** What the fake exporter does with a model, by name. */
const work: Processor<'export'> = async ({ id, data, signal }) => {
  const { model_name, format, metadata } = data;
  if (model_name === 'slow') await delay(10_000, undefined, { signal }).catch(() => undefined);
  if (model_name === 'bad') throw new FormatError('ZIP_TRUNCATED', 'bad.pt is cut short.');
  if (model_name === 'bug') throw new TypeError('secret detail');
  if (model_name === 'dropped') throw new AppError('CANCELLED', 'The job was cancelled.');
  return exportResult(id, model_name, format, metadata);
};

function exportResult(id: string, model: string, format: Format, metadata: ExportResult['metadata']) {
  const filename = `${model}_export_20251007_031138.${format === 'onnx' ? 'onnx' : 'pt'}`;
  return {
    success: true as const,
    message: `Model exported successfully to ${format} format`,
    format,
    filename,
    file_size_mb: 40.93,
    metadata,
    warnings: [],
    job_id: id,
    model_name: model,
    size_bytes: 1,
    sha256: 'a'.repeat(64),
    download_url: `/api/model/download/${filename}`,
  };
}

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
  for (const name of ['model_v1', 'slow', 'bad', 'bug', 'dropped', 'queued']) await api.addModel(name);
  await api.addModel('known_bad', { status: 'unreadable', problem: BROKEN });
  await api.addModel('no_network', { status: 'unreadable', problem: NO_NETWORK });
});

afterAll(() => api.close());

const post = (path: string, headers: Record<string, string> = {}, body?: unknown) =>
  fetch(`${api.url}/api/model/${path}`, {
    method: 'POST',
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const jsonOf = async (response: Response) => (await response.json()) as Record<string, unknown>;

describe('without a worker', () => {
  it('accepts work with 202 and says where it is', async () => {
    const response = await post('export/onnx/queued');
    const body = await jsonOf(response);
    const url = `/api/jobs/${body['job_id']}`;
    expect(response.status).toBe(202);
    expect(Object.fromEntries(response.headers)).toMatchObject({ location: url, 'retry-after': '1', vary: 'Prefer' });
    expect(body).toEqual({
      success: true,
      job_id: expect.stringMatching(/^export-/),
      type: 'export',
      status: 'queued',
      status_url: url,
      events_url: `${url}/events`,
      model_name: 'queued',
      format: 'onnx',
      message: expect.any(String),
    });
  });

  it('accepts activations', async () => {
    const response = await post('load/queued');
    expect([response.status, await jsonOf(response)]).toEqual([202, expect.objectContaining({ type: 'load' })]);
  });

  it('answers 202 when the time is over', async () => {
    await atBestWithin(2_500, async () => {
      const begun = performance.now();
      const response = await post('export/onnx/queued', { Prefer: 'wait=1' });
      expect(response.status).toBe(202);
      expect(performance.now() - begun).toBeGreaterThan(950);
      expect(response.headers.get('Preference-Applied')).toBe('wait=1');
    });
  });

  it('joins work that is in flight, and not other work', async () => {
    const id = async (body?: unknown) => (await jsonOf(await post('export/pytorch/queued', {}, body)))['job_id'];
    const first = await id();
    expect(await id({ metadata: {}, options: { verify: 'quick' } })).toBe(first);
    expect(await id({ metadata: { a: 1 } })).not.toBe(first);
    const averaged = await id({ weights: 'ema.module' });
    expect(averaged).not.toBe(first);
    expect(await id({ weights: 'ema.module' })).toBe(averaged);
  });

  it('lets a file whose network is refused be tried with a choice of weights, and no other', async () => {
    expect((await post('export/onnx/no_network')).status).toBe(422);
    expect((await post('export/onnx/no_network', {}, { weights: 'ema.module' })).status).toBe(202);
    expect((await post('export/onnx/known_bad', {}, { weights: 'ema.module' })).status).toBe(422);
    expect((await post('export/onnx/missing', {}, { weights: 'ema.module' })).status).toBe(404);
  });

  it('gives one job for one Idempotency-Key', async () => {
    const send = (key: string, body: unknown) => post('export/onnx/queued', { 'Idempotency-Key': key }, body);
    const first = await jsonOf(await send('key-1', { metadata: { run: 1 } }));
    expect((await jsonOf(await send('key-1', { metadata: { run: 1 } })))['job_id']).toBe(first['job_id']);
    expect((await send('key-1', { metadata: { run: 1 }, weights: 'ema' })).status).toBe(422);
    const other = await send('key-1', { metadata: { run: 2 } });
    expect([other.status, (await jsonOf(other))['code']]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    const invalid = await send('a b', {});
    expect([invalid.status, (await jsonOf(invalid))['code']]).toEqual([400, 'INVALID_PARAMETER']);
  });

  it('frees everything when a waiting client leaves', async () => {
    const abort = new AbortController();
    let subscribed = 0;
    let unsubscribed = 0;
    const subscribe = api.context.watcher.subscribe.bind(api.context.watcher);
    api.context.watcher.subscribe = (id, listener) => {
      subscribed++;
      const unsubscribe = subscribe(id, listener);
      return () => {
        unsubscribed++;
        unsubscribe();
      };
    };
    const request = fetch(`${api.url}/api/model/export/onnx/queued?wait=60`, { method: 'POST', signal: abort.signal });
    await expect.poll(() => subscribed).toBe(1);
    abort.abort();
    await expect(request).rejects.toThrow();
    await expect.poll(() => unsubscribed).toBe(1);
    api.context.watcher.subscribe = subscribe;
  });
});

describe('refusals before any job', () => {
  it.each(['export/onnx/', 'load/'])('%s', async (path) => {
    const missing = await post(`${path}nothing`);
    expect([missing.status, (await jsonOf(missing))['code']]).toEqual([404, 'MODEL_NOT_FOUND']);
    const broken = await post(`${path}known_bad`);
    expect([broken.status, (await jsonOf(broken))['code']]).toEqual([422, 'ZIP_TRUNCATED']);
    const wait = await post(`${path}queued?wait=soon`);
    expect([wait.status, (await jsonOf(wait))['code']]).toEqual([400, 'INVALID_PARAMETER']);
  });

  it('names the formats there are', async () => {
    const response = await post('export/tflite/model_v1');
    const body = await jsonOf(response);
    expect([response.status, body['code']]).toEqual([400, 'INVALID_PARAMETER']);
    expect(body['detail']).toMatch(/pytorch.*onnx/);
  });

  it('does not hold an old problem against a replaced file', async () => {
    await api.addModel('replaced', { status: 'unreadable', problem: BROKEN });
    await api.writeModel('replaced', 'other content');
    expect((await post('export/onnx/replaced')).status).toBe(202);
  });
});

describe('with a worker', () => {
  let stop: () => Promise<void>;
  beforeEach(() => {
    stop = api.work('export', work, 4);
  });
  afterEach(() => stop());

  it.each([
    ['Prefer', 'export/onnx/model_v1', { Prefer: 'wait=20' }, 'wait=20'],
    ['query', 'export/onnx/model_v1?wait=20', {}, 'wait=20'],
    ['query for too long', 'export/onnx/model_v1?wait=3600', {}, 'wait=55'],
  ])('answers the result itself to a request that waits by %s', async (_by, path, headers, applied) => {
    const response = await post(path, headers, { metadata: { win_rate: 0.5 } });
    expect([response.status, response.headers.get('Preference-Applied')]).toEqual([200, applied]);
    expect(response.headers.get('Vary')).toContain('Prefer');
    const body = await jsonOf(response);
    expect(body).toEqual(exportResult(String(body['job_id']), 'model_v1', 'onnx', { win_rate: 0.5 }));
  });

  it('answers the problem of a job that failed in time', async () => {
    const bad = await post('export/onnx/bad', { Prefer: 'wait=20' });
    expect(bad.status).toBe(422);
    expect(bad.headers.get('Content-Type')).toMatch(/^application\/problem\+json/);
    expect(await jsonOf(bad)).toMatchObject({ success: false, code: 'ZIP_TRUNCATED', detail: 'bad.pt is cut short.' });
    const bug = await post('export/onnx/bug', { Prefer: 'wait=20' });
    const text = await bug.text();
    expect([bug.status, text.includes('secret')]).toEqual([500, false]);
    const dropped = await post('export/onnx/dropped', { Prefer: 'wait=20' });
    expect([dropped.status, (await jsonOf(dropped))['code']]).toEqual([409, 'CANCELLED']);
  });

  it('gives the finished job again for its Idempotency-Key', async () => {
    const send = (headers: Record<string, string>) =>
      post('export/pytorch/model_v1', { 'Idempotency-Key': 'finished', ...headers });
    const first = await jsonOf(await send({ Prefer: 'wait=20' }));
    const again = await send({ Prefer: 'wait=20' });
    expect([again.status, await jsonOf(again)]).toEqual([200, first]);
    const accepted = await send({});
    expect([accepted.status, await jsonOf(accepted)]).toMatchObject([
      202,
      { job_id: first['job_id'], status: 'completed' },
    ]);
  });
});

describe('DEFAULT_WAIT_SECONDS', () => {
  it('serves clients that send nothing, and yields to those that ask otherwise', async () => {
    const patient = await startTestApi(inject('redisUrl'), { DEFAULT_WAIT_SECONDS: 10 });
    try {
      await patient.addModel('model_v1');
      await patient.addModel('slow');
      patient.work('export', work, 2);
      const send = (model: string, headers: Record<string, string> = {}) =>
        fetch(`${patient.url}/api/model/export/onnx/${model}`, { method: 'POST', headers });
      const plain = await send('model_v1');
      expect([plain.status, plain.headers.get('Preference-Applied')]).toEqual([200, null]);
      expect(await plain.json()).toMatchObject({ success: true, filename: expect.any(String) });
      expect((await send('slow', { Prefer: 'respond-async' })).status).toBe(202);
      expect((await send('slow', { Prefer: 'wait=0' })).status).toBe(202);
    } finally {
      await patient.close();
    }
  });
});
