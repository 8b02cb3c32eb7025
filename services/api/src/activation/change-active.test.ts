import type { WorkItem } from '@caissa/queue';
import { activate, deactivate, type HeartbeatReport, indexActivations, sendHeartbeat } from '@caissa/registry';
import {
  type ActivationEntry,
  activationListSchema,
  currentModelSchema,
  type LoadJobData,
  type LoadResult,
} from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
});
afterEach(() => api.close());

const digest = (n: number) => String(n).repeat(64);
const redis = () => [api.context.jobs.redis, api.context.jobs.keys] as const;

/** Models that became active one after another, as loaders write it down. */
async function history(...models: number[]): Promise<void> {
  for (const [index, n] of models.entries()) {
    const generation = index + 1;
    const at = new Date(Date.parse('2025-10-07T03:00:00Z') + index * 1_000).toISOString();
    const name = `model_v${n}`;
    const job_id = `load-${generation}`;
    const facts = { model_name: name, version: n, source_sha256: digest(n) };
    await activate(...redis(), { ...facts, metadata: {}, load_date: at, job_id });
    const entry: ActivationEntry = {
      job_id,
      kind: 'load',
      model_name: name,
      requested_by: 'me',
      requested_at: at,
      started_at: at,
      finished_at: at,
      duration_ms: 3,
      attempts: 1,
      from: null,
      to: { generation, ...facts },
      checks: null,
      outcome: 'succeeded',
    };
    await indexActivations(...redis(), [entry, { ...entry, job_id: `bad-${generation}`, to: null, outcome: 'failed' }]);
  }
}

const post = (path: string, body?: unknown) =>
  fetch(`${api.url}/api/model/${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });

/** Payload of the job that a request became. */
async function payload(path: string, body?: unknown): Promise<LoadJobData | undefined> {
  const response = await post(path, body);
  expect(response.status).toBe(202);
  const { job_id } = (await response.json()) as { job_id: string };
  return (await api.context.jobs.queues.load.queue.getJob(job_id))?.data;
}

describe('a rollback', () => {
  it('goes to the model before, by its digest', async () => {
    await history(1, 2);
    expect(await payload('rollback')).toMatchObject({
      kind: 'rollback',
      model_name: 'model_v1',
      target: { generation: 1, source_sha256: digest(1) },
      requested_by: 'anonymous',
      sequence: expect.any(Number),
    });
  });

  it('passes over activations of the very model that is active', async () => {
    await history(1, 2, 2);
    expect(await payload('rollback')).toMatchObject({ target: { generation: 1 } });
  });

  it('goes to the last model after an unload', async () => {
    await history(1, 2);
    await deactivate(...redis(), 'load-9');
    expect(await payload('rollback')).toMatchObject({ target: { generation: 2 } });
  });

  it('goes to the generation that is named', async () => {
    await history(1, 2, 3);
    expect(await payload('rollback', { generation: 2 })).toMatchObject({ model_name: 'model_v2' });
  });

  it.each([
    [[], undefined, 404, 'ACTIVATION_NOT_FOUND'],
    [[1], undefined, 404, 'ACTIVATION_NOT_FOUND'],
    [[1, 2], { generation: 7 }, 404, 'ACTIVATION_NOT_FOUND'],
    [[1, 2], { generation: 0 }, 400, 'INVALID_BODY'],
    [[1, 2], { generaton: 1 }, 400, 'INVALID_BODY'],
  ])('after %j with %j is refused', async (models, body, status, code) => {
    await history(...models);
    const response = await post('rollback', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });
});

describe('an unload', () => {
  it('is a job of the active model', async () => {
    await history(1);
    expect(await payload('unload')).toMatchObject({ kind: 'unload', model_name: 'model_v1' });
  });

  it('is refused when nothing is active, and then nothing is shown as active', async () => {
    await history(1);
    await deactivate(...redis(), 'load-9');
    const response = await post('unload');
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'NO_ACTIVE_MODEL' });
    const shown = currentModelSchema.parse(await (await fetch(`${api.url}/api/model/current`)).json());
    expect(shown).toMatchObject({ loaded: false, generation: 2 });
  });
});

describe('the journal', () => {
  const list = async (query = '') => {
    const response = await fetch(`${api.url}/api/model/activations${query}`);
    return { status: response.status, body: await response.json() };
  };

  it('is shown newest first, page by page', async () => {
    expect((await list()).body).toEqual({ success: true, activations: [], count: 0 });
    await history(1, 2);
    const first = activationListSchema.parse((await list('?limit=3')).body);
    expect(first.count).toBe(4);
    expect(first.activations[0]).toMatchObject({ job_id: 'load-2', to: { generation: 2 }, outcome: 'succeeded' });
    const rest = activationListSchema.parse((await list(`?limit=3&cursor=${first.next_cursor}`)).body);
    expect(rest.activations).toHaveLength(1);
    expect(rest.next_cursor).toBeUndefined();
  });

  it.each(['?limit=0', '?limit=1001', '?cursor=nothing'])('refuses %s', async (query) => {
    expect(await list(query)).toMatchObject({ status: 400, body: { code: 'INVALID_PARAMETER' } });
  });
});

describe('wait_for=all', () => {
  /** A heartbeat that does not end, since a test may take longer than one lasts. */
  const beat = async (id: string, change: Partial<HeartbeatReport>) => {
    const [connection, keys] = redis();
    await sendHeartbeat(connection, keys, {
      id,
      host: 'here',
      pid: 1,
      state: 'ready',
      model_name: 'model_v1',
      generation: 5,
      problem: null,
      device_type: 'cpu',
      device_name: 'CPU',
      execution_providers: ['cpu'],
      cpu: { model: 'x', cores: 1 },
      memory: { total_bytes: 2, free_bytes: 1 },
      ...change,
    });
    await connection.persist(keys.loaderHeartbeat(id));
  };
  const result = ({ id, data }: WorkItem<'load'>): Promise<LoadResult> =>
    Promise.resolve({
      success: true,
      message: 'done',
      model_name: data.model_name,
      device: 'CPU',
      load_date: 'now',
      metadata: {},
      generation: 5,
      replicas: { ready: 1, total: 2 },
      job_id: id,
    });
  beforeEach(async () => {
    await api.addModel('model_v1');
    api.work('load', result);
    await beat('one', {});
  });

  it('answers when the last loader has caught up, and not before', async () => {
    await beat('two', { generation: 4, state: 'opening' });
    let answered = false;
    const answer = post('load/model_v1?wait_for=all').then((response) => {
      answered = true;
      return response;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(answered).toBe(false);
    await beat('two', {});
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('preference-applied')).toBeNull();
    expect(await response.json()).toMatchObject({ generation: 5, replicas: { ready: 2, total: 2 }, not_ready: [] });
  });

  it('names those that have not when the time is up', async () => {
    await beat('two', { generation: 4, state: 'failed', problem: 'No memory.' });
    const response = await post('load/model_v1?wait_for=all&wait=1');
    expect(response.headers.get('preference-applied')).toBe('wait=1');
    expect(await response.json()).toMatchObject({
      replicas: { ready: 1, total: 2 },
      not_ready: [{ id: 'two', host: 'here', state: 'failed', generation: 4, problem: 'No memory.' }],
    });
  });

  it('does not hold a client that does not want to be held, and takes nothing but all', async () => {
    const async = await fetch(`${api.url}/api/model/load/model_v1?wait_for=all`, {
      method: 'POST',
      headers: { Prefer: 'respond-async' },
    });
    expect(async.status).toBe(202);
    expect((await post('load/model_v1?wait_for=some')).status).toBe(400);
  });
});
