import { FormatError } from '@caissa/bytes';
import type { WorkItem } from '@caissa/queue';
import type { InspectResult } from '@caissa/shared/contracts';
import { eventually } from '@caissa/testing/eventually';
import { type ModelBucket, startModelBucket } from '@caissa/testing/model-bucket';
import { sendObject } from '@caissa/testing/send-object';
import { keysOf } from '@caissa/testing/test-bucket';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let bucket: ModelBucket;
let api: TestApi;

beforeAll(async () => {
  bucket = await startModelBucket();
});
afterAll(() => bucket.stop());

beforeEach(async () => {
  await bucket.objects.remove(await keysOf(bucket.objects));
  api = await startTestApi(inject('redisUrl'), bucket.settings);
});
afterEach(async () => {
  bucket.server.decide = () => 'answer';
  await api.close();
});

/** Looks into uploads as an exporter does: by their first letters. */
const inspect = async ({ id, data }: WorkItem<'inspect'>): Promise<InspectResult> => {
  const result = { success: true, message: 'ok', model_name: data.model_name, status: 'ready', job_id: id } as const;
  if (data.upload === undefined) return result;
  const source = await api.context.modelStore.openUpload(data.upload, data.model_name);
  const head = Buffer.alloc(3);
  await source.readInto(head, 0);
  await source.close();
  if (String(head) === 'bad') throw new FormatError('NOT_A_CHECKPOINT', 'This is not a PyTorch checkpoint.');
  return result;
};

const put = (name: string, body: string) =>
  fetch(`${api.url}/api/model/upload/${name}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream' },
    body,
  });

async function answer(response: Response): Promise<[number, unknown]> {
  return [response.status, ((await response.json()) as Record<string, unknown>)['code']];
}

async function listed(): Promise<string[]> {
  const response = await fetch(`${api.url}/api/model/list`);
  const { models } = (await response.json()) as { models: { name: string }[] };
  return models.map(({ name }) => name).sort();
}

const modelKeys = async () => (await keysOf(bucket.objects)).filter((key) => !key.startsWith('exports/'));

describe('models in a bucket', () => {
  it('are listed as they come and go', async () => {
    await bucket.putModel('a', 'one');
    await eventually('a is listed', async () => (await listed()).join() === 'a');
    await bucket.putModel('b', 'two');
    await bucket.removeModel('a');
    await eventually('b is listed', async () => (await listed()).join() === 'b');
  });

  it('are listed whatever their objects are called', async () => {
    for (const filename of ['my model.pt', 'final.pth', '模型.pt']) {
      await sendObject(bucket.objects, `models/${filename}`, filename);
    }
    await api.context.modelFolder.rescan();
    expect(await listed()).toEqual(['final', 'model_f4d35440', 'my_model']);
    const response = await fetch(`${api.url}/api/model/info/my_model`);
    expect(await response.json()).toMatchObject({ name: 'my_model', filename: 'my model.pt' });
  });

  it('stay listed while the bucket is away, and are not taken for gone', async () => {
    await bucket.putModel('a', 'one');
    await api.context.modelFolder.rescan();
    bucket.server.decide = () => 'cut';
    await Promise.all([api.context.modelFolder.rescan(), api.context.modelFolder.refresh('a.pt')]);
    expect(await listed()).toEqual(['a']);
    expect(await answer(await fetch(`${api.url}/api/model/info/a`))).toEqual([503, 'STORE_UNAVAILABLE']);
    bucket.server.decide = () => 'answer';
    expect((await fetch(`${api.url}/api/model/info/a`)).status).toBe(200);
  });

  it('are uploaded, looked into, and there', async () => {
    api.work('inspect', inspect);
    const response = await put('fresh', 'good bytes');
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ name: 'fresh', size_bytes: 10, status: 'inspecting' });
    expect(await listed()).toEqual(['fresh']);
    expect(await modelKeys()).toEqual(['models/fresh.pt']);
    expect(await answer(await put('fresh', 'good again'))).toEqual([409, 'MODEL_EXISTS']);
  });

  it('that are refused leave nothing', async () => {
    api.work('inspect', inspect);
    expect(await answer(await put('fresh', 'bad bytes'))).toEqual([422, 'NOT_A_CHECKPOINT']);
    expect(await answer(await put('fresh', ''))).toEqual([400, 'INVALID_BODY']);
    expect(await modelKeys()).toEqual([]);
    expect(bucket.server.uploads).toEqual([]);
  });

  it('cannot be uploaded while the bucket is away', async () => {
    api.work('inspect', inspect);
    bucket.server.decide = ({ method }) => (method === 'HEAD' ? 'answer' : 503);
    expect(await answer(await put('fresh', 'good'))).toEqual([503, 'STORE_UNAVAILABLE']);
    bucket.server.decide = () => 'answer';
    expect(await modelKeys()).toEqual([]);
    expect((await put('fresh', 'good')).status).toBe(201);
  });
});
