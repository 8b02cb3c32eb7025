import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FormatError } from '@caissa/bytes';
import { sendHeartbeat } from '@caissa/registry';
import { eventually } from '@caissa/testing/eventually';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { HEARTBEAT } from '../../test-support/heartbeat.js';
import { BROKEN, startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;
let stop: () => Promise<void> = async () => undefined;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  for (const name of ['a', 'b', 'c', 'bad', 'long']) await api.addModel(name);
});

afterEach(async () => {
  await stop();
  await api.close();
});

const call = async (method: string, path: string) => {
  const response = await fetch(`${api.url}${path}`, { method });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
};

const load = async (model: string) => String((await call('POST', `/api/model/load/${model}`)).body['job_id']);

const untilStatus = (id: string, status: string) =>
  eventually(`${id} is ${status}`, async () => (await call('GET', `/api/jobs/${id}`)).body['status'] === status);

const loadWorker = () =>
  api.work('load', async ({ id, data, signal, report }) => {
    report({ percent: 40, stage: 'opening' });
    if (data.model_name === 'long') await delay(120_000, undefined, { signal });
    if (data.model_name === 'bad') throw new FormatError('NON_FINITE_WEIGHTS', 'conv.weight holds NaN.');
    return {
      success: true,
      message: 'Model loaded',
      model_name: data.model_name,
      device: 'CPU',
      load_date: '2025-10-07T03:12:13Z',
      metadata: {},
      generation: 1,
      replicas: { ready: 1, total: 1 },
      job_id: id,
    };
  });

describe('jobs', () => {
  it('are listed newest first, by type, status and model, page by page', async () => {
    const ids = [await load('a'), await load('b'), await load('c')].reverse();
    const list = async (query: string) => (await call('GET', `/api/jobs?${query}`)).body;
    const idsOf = (body: Record<string, unknown>) => (body['jobs'] as { job_id: string }[]).map((job) => job.job_id);
    expect(idsOf(await list('type=load'))).toEqual(ids);
    expect(idsOf(await list('type=export'))).toEqual([]);
    expect(idsOf(await list('model=b&type=load'))).toEqual([ids[1]]);
    expect(idsOf(await list('status=completed'))).toEqual([]);
    const page = await list('type=load&limit=2');
    expect(idsOf(page)).toEqual(ids.slice(0, 2));
    expect(idsOf(await list(`type=load&limit=2&cursor=${page['next_cursor']}`))).toEqual([ids[2]]);
    expect((await call('GET', '/api/jobs?cursor=unknown')).body['code']).toBe('INVALID_PARAMETER');
  });

  it('show progress, result and links', async () => {
    const id = await load('a');
    const waiting = await call('GET', `/api/jobs/${id}`);
    expect([waiting.status, waiting.headers.get('Retry-After')]).toEqual([200, '1']);
    expect(waiting.body).toMatchObject({
      status: 'queued',
      progress: { percent: 0 },
      links: { self: `/api/jobs/${id}` },
    });
    stop = loadWorker();
    await untilStatus(id, 'completed');
    const done = await call('GET', `/api/jobs/${id}`);
    expect(done.headers.get('Retry-After')).toBeNull();
    expect(done.body).toMatchObject({ result: { device: 'CPU' }, attempts: 1, finished_at: expect.any(String) });
  });

  it('that failed are shown with 200 and a problem, and can be retried', async () => {
    stop = loadWorker();
    const id = await load('bad');
    await untilStatus(id, 'failed');
    const failed = await call('GET', `/api/jobs/${id}`);
    expect(failed).toMatchObject({ status: 200, body: { error: { code: 'NON_FINITE_WEIGHTS', status: 422 } } });
    await stop();
    const retried = await call('POST', `/api/jobs/${id}/retry`);
    expect(retried).toMatchObject({ status: 202, body: { job_id: id, status: 'queued' } });
    expect(retried.headers.get('Location')).toBe(`/api/jobs/${id}`);
    expect(await call('POST', `/api/jobs/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'JOB_NOT_FAILED' },
    });
  });

  it('that would be refused now are not retried, and keep what they failed with', async () => {
    stop = loadWorker();
    const id = await load('bad');
    await untilStatus(id, 'failed');
    const failed = await call('GET', `/api/jobs/${id}`);
    expect(failed.body).toMatchObject({ retryable: true });
    await api.addModel('bad', { status: 'unreadable', problem: BROKEN });
    expect(await call('POST', `/api/jobs/${id}/retry`)).toMatchObject({ status: 422, body: { code: 'ZIP_TRUNCATED' } });
    await api.addModel('bad');
    const { jobs, replicas } = api.context;
    await sendHeartbeat(jobs.redis, jobs.keys, { ...HEARTBEAT, expected: { channels: 128, blocks: 6 } });
    await replicas.refresh();
    expect(await call('POST', `/api/jobs/${id}/retry`)).toMatchObject({
      status: 422,
      body: { code: 'ARCHITECTURE_MISMATCH', detail: 'The network has 8 channels, and 128 are expected.' },
    });
    await rm(join(api.modelsFolder, 'bad.pt'));
    expect(await call('POST', `/api/jobs/${id}/retry`)).toMatchObject({
      status: 404,
      body: { code: 'MODEL_NOT_FOUND' },
    });
    expect((await call('GET', `/api/jobs/${id}`)).body).toEqual(failed.body);
  });

  it('that checked an upload are not retried, since its file is gone', async () => {
    const stopInspecting = api.work('inspect', () =>
      Promise.reject(new FormatError('TORCHSCRIPT', 'This is a TorchScript program.')),
    );
    await fetch(`${api.url}/api/model/upload/scripted`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: 'script',
    });
    await stopInspecting();
    const { jobs } = (await call('GET', '/api/jobs?type=inspect&model=scripted')).body as {
      jobs: { job_id: string }[];
    };
    const path = `/api/jobs/${jobs[0]?.job_id}`;
    expect(await call('POST', `${path}/retry`)).toMatchObject({ status: 409, body: { code: 'UPLOAD_GONE' } });
    expect((await call('GET', path)).body).toMatchObject({
      status: 'failed',
      retryable: false,
      error: { code: 'TORCHSCRIPT' },
    });
  });

  it('that wait are cancelled at once, those at work soon, those over not at all', async () => {
    const waiting = await load('c');
    expect(await call('DELETE', `/api/jobs/${waiting}`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await call('DELETE', `/api/jobs/${waiting}`)).toMatchObject({ status: 409, body: { code: 'JOB_FINISHED' } });
    stop = loadWorker();
    const long = await load('long');
    await untilStatus(long, 'active');
    const asked = await call('DELETE', `/api/jobs/${long}`);
    expect(asked).toMatchObject({ status: 202, body: { status: 'active', cancel_requested: true } });
    await untilStatus(long, 'cancelled');
    const after = await load('a');
    await untilStatus(after, 'completed');
  });

  it.each(['x', 'load-123', 'load-00000000-0000-0000-0000-000000000000', 'a'.repeat(500)])(
    'there is none of the id %s',
    async (id) => {
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/retry'],
        ['GET', '/events'],
      ] as const) {
        expect(await call(method, `/api/jobs/${id}${path}`)).toMatchObject({
          status: 404,
          body: { code: 'JOB_NOT_FOUND' },
        });
      }
    },
  );
});
