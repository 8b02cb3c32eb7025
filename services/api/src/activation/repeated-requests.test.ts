import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkItem } from '@caissa/queue';
import { activate, deactivate, indexActivations } from '@caissa/registry';
import type { LoadResult } from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  api.work('load', result);
});
afterEach(() => api.close());

const redis = () => [api.context.jobs.redis, api.context.jobs.keys] as const;

const result = ({ id, data }: WorkItem<'load'>): Promise<LoadResult> =>
  Promise.resolve({
    success: true,
    message: 'done',
    model_name: data.model_name,
    device: 'CPU',
    load_date: 'now',
    metadata: {},
    generation: 5,
    replicas: { ready: 1, total: 1 },
    job_id: id,
  });

async function post(path: string, key: string) {
  const response = await fetch(`${api.url}/api/model/${path}`, {
    method: 'POST',
    headers: { 'Idempotency-Key': key },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const makeActive = (n: number) =>
  activate(...redis(), {
    model_name: `model_v${n}`,
    version: n,
    source_sha256: String(n).repeat(64),
    metadata: {},
    load_date: new Date().toISOString(),
    job_id: `load-${n}`,
  });

/** Sends a request until it is done, undoes what allowed it, and sends it again. */
async function repeat(path: string, undo: () => Promise<unknown>, refusal: [number, string]): Promise<void> {
  const first = await post(`${path}?wait=10`, 'key-1');
  expect(first.status).toBe(200);
  await undo();
  const other = await post(path, 'key-2');
  expect([other.status, other.body['code']]).toEqual(refusal);
  expect(await post(`${path}?wait=10`, 'key-1')).toEqual(first);
  const accepted = await post(path, 'key-1');
  expect(accepted).toMatchObject({ status: 202, body: { status: 'completed', job_id: first.body['job_id'] } });
}

describe('a request that is repeated with its Idempotency-Key when it would be refused by now', () => {
  it('is told of the unload that was made', async () => {
    await makeActive(1);
    await repeat('unload', () => deactivate(...redis(), 'load-9'), [409, 'NO_ACTIVE_MODEL']);
  });

  it('is told of the rollback that was made', async () => {
    await makeActive(1);
    const at = new Date().toISOString();
    await indexActivations(...redis(), [
      {
        job_id: 'load-1',
        kind: 'load',
        model_name: 'model_v1',
        requested_by: null,
        requested_at: at,
        started_at: at,
        finished_at: at,
        duration_ms: 1,
        attempts: 1,
        from: null,
        to: { generation: 1, model_name: 'model_v1', version: 1, source_sha256: '1'.repeat(64) },
        checks: null,
        outcome: 'succeeded',
      },
    ]);
    await makeActive(2);
    const [client, keys] = redis();
    await repeat('rollback', () => client.del(keys.activations), [404, 'ACTIVATION_NOT_FOUND']);
  });

  it.each(['load/model_v1', 'export/onnx/model_v1'])('is told of what %s became', async (path) => {
    api.work('export', (item) => result(item as never) as never);
    await api.addModel('model_v1');
    const remove = async () => {
      await rm(join(api.modelsFolder, 'model_v1.pt'));
      await api.context.modelFolder.refresh('model_v1.pt');
    };
    await repeat(path, remove, [404, 'MODEL_NOT_FOUND']);
  });

  it('is refused with another request, and names the model of its job', async () => {
    await makeActive(1);
    await post('unload?wait=10', 'key-1');
    await deactivate(...redis(), 'load-9');
    const other = await post('load/nothing', 'key-1');
    expect([other.status, other.body['code']]).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    await makeActive(2);
    expect((await post('unload', 'key-1')).body).toMatchObject({ model_name: 'model_v1' });
  });
});
