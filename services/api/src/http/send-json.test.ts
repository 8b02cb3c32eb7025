import { jobAcceptedSchema } from '@caissa/shared/contracts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';
import { JsonText } from './json-text.js';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
  for (let number = 1; number <= 5; number++) await api.addModel(`model_v${number}`);
  await api.addExport('model_v1_export_20251007_031213', 'onnx', new Uint8Array(4_096));
});

afterAll(() => api.close());

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${api.url}${path}`, { method, headers: { 'Accept-Encoding': 'gzip', ...headers } });

const tagOf = (response: Response) => response.headers.get('ETag') ?? '';

describe('what is read', () => {
  const LISTS = ['/api/model/list', '/api/model/exports', '/api/model/activations', '/api/jobs', '/api/model/current'];
  const SINGLE = ['/api/model/info/model_v1', '/api/device/info', '/api/openapi.json'];

  it.each([...LISTS, ...SINGLE])('%s is asked for again by its tag', async (path) => {
    const response = await ask(path);
    expect(tagOf(response)).toMatch(/^W\/"[\w-]{22}"$/);
    expect(response.headers.get('Cache-Control')).toBe('private, no-cache');
    await response.text();
    const again = await ask(path, { 'If-None-Match': `"other", ${tagOf(response)}` });
    // What a machine has free changes all the time.
    if (path.endsWith('/current') || path.endsWith('/device/info')) return;
    expect([again.status, await again.text(), tagOf(again)]).toEqual([304, '', tagOf(response)]);
    expect(again.headers.get('Content-Type')).toBeNull();
    expect((await ask(path, { 'If-None-Match': 'W/"other"' })).status).toBe(200);
  });

  it('has another tag when it has changed', async () => {
    const before = tagOf(await ask('/api/model/list'));
    await api.addModel('model_v6');
    const after = await ask('/api/model/list', { 'If-None-Match': before });
    expect(after.status).toBe(200);
    expect(tagOf(after)).not.toBe(before);
  });

  it('has the same tag in every API process', () => {
    expect(new JsonText(Buffer.from('{}')).tag).toBe(new JsonText(Buffer.from('{}')).tag);
  });

  it.each(['/api/model/list', '/api/openapi.json'])('%s is compressed for those who take it', async (path) => {
    const [packed, plain] = [await ask(path), await ask(path, { 'Accept-Encoding': 'identity' })];
    expect(packed.headers.get('Content-Encoding')).toBe('gzip');
    expect(plain.headers.get('Content-Encoding')).toBeNull();
    for (const response of [packed, plain]) expect(response.headers.get('Vary')).toContain('Accept-Encoding');
    expect(tagOf(packed)).toBe(tagOf(plain));
    expect(Number(packed.headers.get('Content-Length'))).toBeLessThan(Number(plain.headers.get('Content-Length')) / 2);
    expect(await packed.json()).toEqual(await plain.json());
    const refused = await ask(path, { 'Accept-Encoding': 'gzip;q=0, br' });
    expect(refused.headers.get('Content-Encoding')).toBeNull();
    await refused.text();
  });

  it('is sent as it is where it is short', async () => {
    const response = await ask('/api/jobs');
    expect(response.headers.get('Content-Encoding')).toBeNull();
    expect(response.headers.get('Vary') ?? '').not.toContain('Accept-Encoding');
    await response.text();
  });

  it('has the same head for HEAD', async () => {
    const [head, get] = [await ask('/api/model/list', {}, 'HEAD'), await ask('/api/model/list')];
    expect(await head.text()).toBe('');
    for (const name of ['ETag', 'Content-Length', 'Content-Encoding', 'Cache-Control', 'Vary']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    await get.text();
  });
});

it('is neither kept nor compressed if it is the answer to a change, a refusal, a download or a stream', async () => {
  const started = await ask('/api/model/export/onnx/model_v1', {}, 'POST');
  const { job_id: jobId } = jobAcceptedSchema.parse(await started.json());
  const refused = await ask('/api/model/list?limit=x');
  await refused.text();
  const stream = await ask(`/api/jobs/${jobId}/events`);
  await stream.body?.cancel();
  for (const response of [started, refused, stream]) {
    expect(response.headers.get('Cache-Control')).toContain('no-store');
    expect([response.headers.get('ETag'), response.headers.get('Content-Encoding')]).toEqual([null, null]);
  }
  const download = await ask('/api/model/download/model_v1_export_20251007_031213.onnx');
  expect(download.headers.get('Content-Encoding')).toBeNull();
  await download.arrayBuffer();
});
