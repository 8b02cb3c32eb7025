import { activate } from '@caissa/registry';
import { activationListSchema } from '@caissa/shared/contracts';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { BROKEN, startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
});
afterEach(() => api.close());

const load = async (name: string, headers: Record<string, string> = {}) =>
  (await fetch(`${api.url}/api/model/load/${name}`, { method: 'POST', headers })).status;

const activations = async () =>
  activationListSchema.parse(await (await fetch(`${api.url}/api/model/activations`)).json()).activations;

it('a load that is refused without a job is in the journal, with who asked and why', async () => {
  await api.addModel('broken', { status: 'unreadable', problem: BROKEN });
  await activate(api.context.jobs.redis, api.context.jobs.keys, {
    model_name: 'model_v1',
    version: 1,
    source_sha256: 'a'.repeat(64),
    metadata: {},
    load_date: 'now',
    job_id: 'load-1',
  });
  expect(await load('broken')).toBe(422);
  expect(await activations()).toEqual([
    expect.objectContaining({
      job_id: expect.stringMatching(/^refused-/),
      kind: 'load',
      model_name: 'broken',
      requested_by: 'anonymous',
      from: { generation: 1, model_name: 'model_v1', version: 1, source_sha256: 'a'.repeat(64) },
      to: null,
      outcome: 'failed',
      problem: expect.objectContaining({ code: 'ZIP_TRUNCATED', status: 422 }),
    }),
  ]);
  expect(await api.context.jobs.queues.load.queue.count()).toBe(0);
});

it('what was done, or never was, is not told as refused', async () => {
  await api.addModel('model_v1');
  expect(await load('model_v1', { 'Idempotency-Key': 'key-1' })).toBe(202);
  await api.addModel('model_v1', { status: 'unreadable', problem: BROKEN });
  expect(await load('model_v1', { 'Idempotency-Key': 'key-1' })).toBe(202);
  expect(await load('missing')).toBe(404);
  expect(await activations()).toEqual([]);
});
