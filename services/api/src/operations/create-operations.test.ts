import { appRoutes } from '@bull-board/api/dist/routes.js';
import { type JobsContext, newJobId, runWorker, stopWorker } from '@caissa/queue';
import { connectWorker, RedisWatch } from '@caissa/redis';
import { Catalogue, sendHeartbeat } from '@caissa/registry';
import { JOB_TYPES, type JobDataByType, type JobType } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { Conditions, createLogger } from '@caissa/shared/process';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { Queue } from 'bullmq';
import type { Express } from 'express';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  OPERATOR_KEY,
  openTestAccess,
  type TestAccess,
  VIEWER_KEY,
  WITH_KEYS,
} from '../../test-support/open-test-access.js';
import type { ApiContext } from '../context.js';
import { createOperations } from './create-operations.js';

let proxy: RedisProxy;
let access: TestAccess;
let conditions: Conditions;
let redisWatch: RedisWatch;
let stopping: AbortController;
beforeEach(async () => {
  conditions = new Conditions(createLogger('test', 'silent'));
  stopping = new AbortController();
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  access = await openTestAccess(proxy.url, WITH_KEYS, (app, rules, { jobs }) => {
    redisWatch = new RedisWatch({ ...jobs, conditions });
    const catalogue = new Catalogue(jobs.redis, jobs.keys);
    const modelFolder = {
      find: async (name: string) => {
        if (name !== 'model_v1') throw new AppError('MODEL_NOT_FOUND', 'There is none.');
        return { name, identity: 'x' };
      },
      waitForRest: async () => undefined,
    };
    const context = {
      jobs,
      conditions,
      redisWatch,
      stopping: stopping.signal,
      catalogue,
      modelFolder,
      replicas: { expected: { channels: 'any', blocks: 'any' } },
      forwarder: { metrics: [] },
      logger: createLogger('test', 'silent'),
    } as unknown as ApiContext;
    const operations = createOperations(context, rules);
    app.use(operations.measure, operations.router);
    app.get('/measured/:name', (_request, response) => void response.json({}));
  });
});
afterEach(async () => {
  redisWatch.close();
  await access.close();
  await proxy.stop();
});

const viewer = (app: Express, path: string) => request(app).get(path).set('X-API-Key', VIEWER_KEY);
const operator = (app: Express, path: string) => request(app).get(path).set('X-API-Key', OPERATOR_KEY);

async function away(): Promise<void> {
  await proxy.stop();
  await expect.poll(() => access.jobs.redis.status).not.toBe('ready');
}

async function addJob({ queues }: JobsContext, timestamp = Date.now()): Promise<string> {
  const data = {
    model_name: 'model_v1',
    format: 'onnx' as const,
    metadata: {},
    options: { opset: 11, verify: 'none' as const },
  };
  return String((await queues.export.queue.add('export', data, { timestamp })).id);
}

/** Ids of jobs of a queue that have failed, by the order of their data. */
async function failedJobs<T extends JobType>({ queues, keys }: JobsContext, type: T, ...all: JobDataByType[T][]) {
  const queue: Queue = queues[type].queue;
  const ids: string[] = [];
  for (const data of all) ids.push(String((await queue.add(type, data, { jobId: newJobId(type) })).id));
  const connection = connectWorker(proxy.url);
  const context = { connection, prefix: keys.prefix, logger: createLogger('test', 'silent') };
  const fail = () => Promise.reject(new AppError('MODEL_NOT_FOUND', 'There is none.'));
  const worker = runWorker(context, type, fail, 1);
  await expect.poll(() => queue.getFailedCount()).toBe(all.length);
  await stopWorker(worker, 100);
  connection.disconnect();
  return ids;
}

describe('probes', () => {
  it('need no key', async () => {
    expect((await request(access.app).get('/livez')).text).toBe('ok\n');
    await expect.poll(async () => (await request(access.app).get('/readyz')).status).toBe(200);
    const ready = await request(access.app).get('/readyz');
    expect(ready.body).toEqual({ ready: true, conditions: [] });
    expect(ready.headers['cache-control']).toBe('no-store');
  });

  it('say that requests can be served whatever is wrong, and what is wrong, until the process stops', async () => {
    conditions.raise('STORE_UNREACHABLE', 'The store is away.');
    await expect.poll(() => redisWatch.isUp).toBe(true);
    await away();
    await expect.poll(() => redisWatch.isUp, { timeout: 5_000 }).toBe(false);
    const ready = await request(access.app).get('/readyz');
    expect([ready.status, ready.body]).toMatchObject([
      200,
      {
        ready: true,
        conditions: [
          { code: 'STORE_UNREACHABLE', message: 'The store is away.' },
          { code: 'REDIS_UNREACHABLE', message: expect.stringContaining('(ECONNREFUSED)') },
        ],
      },
    ]);
    stopping.abort();
    expect((await request(access.app).get('/readyz')).status).toBe(503);
    expect((await request(access.app).get('/livez')).status).toBe(200);
  });

  it('tell of a Redis that is frozen', async () => {
    await expect.poll(() => redisWatch.isUp).toBe(true);
    proxy.freeze();
    await expect
      .poll(async () => (await request(access.app).get('/readyz')).body, { timeout: 5_000 })
      .toMatchObject({ ready: true, conditions: [{ code: 'REDIS_UNREACHABLE' }] });
  });
});

describe('/metrics', () => {
  it('needs a key', async () => {
    expect((await request(access.app).get('/metrics')).status).toBe(401);
  });

  it('counts jobs, exports, loaders and requests', async () => {
    const { redis, keys } = access.jobs;
    await addJob(access.jobs, Date.now() - 60_000);
    await addJob(access.jobs);
    await redis.zadd(keys.exportsByDate, 1, 'a.pt', 2, 'b.onnx');
    await sendHeartbeat(redis, keys, {
      id: 'one',
      host: 'h',
      pid: 1,
      state: 'idle',
      model_name: null,
      generation: 0,
      problem: null,
      device_type: 'cpu',
      device_name: 'CPU',
      execution_providers: ['cpu'],
      cpu: { model: 'x', cores: 2 },
      memory: { total_bytes: 2, free_bytes: 1 },
    });
    await request(access.app).get('/measured/anna');
    await request(access.app).get('/measured/bert');
    await request(access.app).get('/unknown/path');
    const response = await viewer(access.app, '/metrics');
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = response.text;
    expect(text).toContain('caissa_queue_jobs{queue="export",state="waiting"} 2');
    const age = Number(/caissa_queue_oldest_waiting_seconds\{queue="export"\} (\S+)/.exec(text)?.[1]);
    expect(age).toBeGreaterThanOrEqual(60);
    expect(age).toBeLessThan(120);
    expect(text).toContain('caissa_queue_oldest_waiting_seconds{queue="load"} 0');
    for (const queue of JOB_TYPES) expect(text).toContain(`caissa_queue_jobs{queue="${queue}",state="failed"} 0`);
    expect(text).toContain('caissa_exports 2');
    expect(text).toContain('caissa_workers{queue="export"} 0');
    expect(text).toContain('caissa_active_model 0');
    expect(text).toContain('caissa_loader_replicas{state="ready"} 0');
    expect(text).toContain('caissa_loader_replicas{state="total"} 1');
    expect(text).toContain('caissa_redis_up 1');
    expect(text).toContain(
      'caissa_http_request_duration_seconds_count{route="/measured/:name",method="GET",status="200"} 2',
    );
    expect(text).toContain('caissa_http_request_duration_seconds_count{route="none",method="GET",status="404"} 1');
    expect(text).not.toMatch(/anna|bert|unknown/);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
    const help = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name);
    expect(new Set(help).size).toBe(help.length);
  });

  it.each(['away', 'frozen'])('answers within two seconds while Redis is %s', async (how) => {
    await addJob(access.jobs);
    await viewer(access.app, '/metrics');
    if (how === 'away') await away();
    else proxy.freeze();
    await expect.poll(() => redisWatch.isUp, { timeout: 5_000 }).toBe(false);
    await atBestWithin(how === 'away' ? 500 : 2_000, async () => {
      const { status, text } = await viewer(access.app, '/metrics');
      expect(status).toBe(200);
      expect(text).toContain('caissa_redis_up 0');
      expect(text).toContain('caissa_condition{code="REDIS_UNREACHABLE"} 1');
      expect(text).toContain('caissa_exports Nan');
      expect(text).toContain('caissa_active_model Nan');
      expect(text).not.toMatch(/^caissa_queue_jobs\{/m);
    });
  });
});

describe('/admin/queues', () => {
  it('asks for a key, and browsers to sign in', async () => {
    expect((await request(access.app).get('/admin/queues')).status).toBe(401);
    const browser = await request(access.app).get('/admin/queues/queue/export').set('Accept', 'text/html');
    expect(browser.headers['location']).toBe('/sign-in?next=%2Fadmin%2Fqueues%2Fqueue%2Fexport');
    expect((await request(access.app).get('/admin/queues/api/queues')).status).toBe(401);
    expect((await request(access.app).get('/admin/queues/static/favicon.ico')).status).toBe(401);
  });

  it('shows a page that keeps to its policy and loads nothing from elsewhere', async () => {
    const page = await operator(access.app, '/admin/queues');
    expect(page.status).toBe(200);
    expect(page.headers['x-powered-by']).toBeUndefined();
    const policy = String(page.headers['content-security-policy']).split(';');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'self'", "script-src 'self'", "script-src-attr 'none'"]),
    );
    expect(policy.filter((directive) => /unsafe|https?:/.test(directive))).toEqual([
      "style-src 'self' 'unsafe-inline'",
    ]);
    expect(page.text).not.toMatch(/https?:\/\/|style=|<style/);
    expect(
      page.text.match(
        /<script(?! id="__UI_CONFIG__" type="application\/json")(?! defer src="\/admin\/queues\/static\/js)/g,
      ),
    ).toBeNull();
    const files = [...page.text.matchAll(/(?:src|href)="(\/admin\/queues\/static\/[^"]+)"/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await operator(access.app, String(file))).status).toBe(200);
  });

  it('lets viewers look and operators act', async () => {
    const id = await addJob(access.jobs);
    const shown = await viewer(access.app, '/admin/queues/api/queues?activeQueue=export&page=1&jobsPerPage=10');
    expect(shown.body.queues.map(({ name }: { name: string }) => name)).toEqual([...JOB_TYPES]);
    expect(shown.body.queues[0]).toMatchObject({ readOnlyMode: true, jobs: [{ id }] });
    const { queue } = access.jobs.queues.export;
    const pause = (key: string) =>
      request(access.app).put('/admin/queues/api/queues/export/pause').set('X-API-Key', key);
    expect((await pause(VIEWER_KEY)).status).toBe(403);
    expect(await queue.isPaused()).toBe(false);
    expect((await pause(OPERATOR_KEY)).status).toBe(200);
    expect(await queue.isPaused()).toBe(true);
    const described = await operator(access.app, '/admin/queues/api/queues');
    expect(described.body.queues[0].description).toContain('Operators may pause and resume');
  });

  it('shows no stack of a failed job, and retries it as the API does', async () => {
    const [id = ''] = await failedJobs(access.jobs, 'load', { model_name: 'model_v1' });
    const failed = await access.jobs.queues.load.queue.getJob(id);
    expect(failed?.stacktrace).not.toEqual([]);
    for (const ask of [viewer, operator]) {
      const listed = await ask(access.app, '/admin/queues/api/queues?activeQueue=load&page=1&jobsPerPage=10');
      const one = await ask(access.app, `/admin/queues/api/queues/load/${id}`);
      expect(listed.body.queues[1].jobs).toMatchObject([{ id, isFailed: true, stacktrace: [] }]);
      expect(one.body.job).toMatchObject({ failedReason: 'MODEL_NOT_FOUND: There is none.', stacktrace: [] });
      expect(listed.text + one.text).not.toContain('run-worker');
    }
    const retry = await request(access.app)
      .put('/admin/queues/api/queues/load/retry/failed')
      .set('X-API-Key', OPERATOR_KEY);
    expect([retry.status, retry.body]).toEqual([200, { retried: 1, skipped: 0 }]);
    const job = await access.jobs.queues.load.queue.getJob(id);
    // It counts as requested now.
    expect(job?.data).toMatchObject({ model_name: 'model_v1', sequence: expect.any(Number) });
    expect(await job?.getState()).toBe('waiting');
  });

  it('refuses a retry that the API refuses, and skips it among others', async () => {
    const upload = `.upload-${'a'.repeat(32)}`;
    const { queue } = access.jobs.queues.inspect;
    const identity = 'x';
    const [refused = '', ...others] = await failedJobs(
      access.jobs,
      'inspect',
      { model_name: 'gone', identity, upload },
      { model_name: 'model_v1', identity },
      { model_name: 'model_v2', identity },
    );
    const put = (path: string) =>
      request(access.app).put(`/admin/queues/api/queues/inspect/${path}`).set('X-API-Key', OPERATOR_KEY);
    expect((await put(`${refused}/retry`)).status).toBe(409);
    const { status, body } = await put('retry/failed');
    expect([status, body]).toEqual([200, { retried: 2, skipped: 1 }]);
    expect(await Promise.all(others.map((id) => queue.getJobState(id)))).toEqual(['waiting', 'waiting']);
    const kept = await queue.getJob(refused);
    expect([await kept?.getState(), kept?.failedReason]).toEqual(['failed', 'MODEL_NOT_FOUND: There is none.']);
  });

  it('lets jobs whose model is gone keep what they failed with', async () => {
    await failedJobs(access.jobs, 'load', { model_name: 'gone' }, { model_name: 'model_v1' });
    const { body } = await request(access.app)
      .put('/admin/queues/api/queues/load/retry/failed')
      .set('X-API-Key', OPERATOR_KEY);
    expect(body).toEqual({ retried: 1, skipped: 1 });
    const [kept] = await access.jobs.queues.load.queue.getFailed();
    expect(kept?.data.model_name).toBe('gone');
  });

  it.each(['completed', 'failed'] as const)('lets operators remove jobs that have %s', async (state) => {
    const clean = vi.spyOn(Queue.prototype, 'clean');
    const put = (status: string) =>
      request(access.app).put(`/admin/queues/api/queues/export/clean/${status}`).set('X-API-Key', OPERATOR_KEY);
    expect((await put(state)).status).toBe(200);
    expect(clean).toHaveBeenCalledWith(expect.any(Number), expect.any(Number), state);
    expect((await put('waiting')).status).toBe(405);
    clean.mockRestore();
  });

  /** Everything that the board can change, about one job. */
  const changes = (id: string) =>
    appRoutes.api.flatMap(({ method, route }) =>
      [method]
        .flat()
        .filter((one) => one !== 'get')
        .flatMap((one) =>
          [route].flat().map((path) => ({
            method: one,
            path: `/admin/queues${path
              .replace(':queueName', 'export')
              .replace(':jobId', id)
              .replace(':queueStatus', 'waiting')
              .replace(':schedulerId', 'none')}`,
          })),
        ),
    );

  it('lets viewers change nothing that it can change, and nobody without a key', async () => {
    const id = await addJob(access.jobs);
    const { queue } = access.jobs.queues.export;
    const before = JSON.stringify(await queue.getJob(id));
    const all = changes(id);
    expect(all.length).toBeGreaterThan(15);
    for (const { method, path } of all) {
      const send = () => request(access.app)[method](path).send({});
      expect([path, (await send().set('X-API-Key', VIEWER_KEY)).status]).toEqual([path, 403]);
      expect([path, (await send()).status]).toEqual([path, 401]);
    }
    expect(JSON.stringify(await queue.getJob(id))).toBe(before);
    expect(await queue.isPaused()).toBe(false);
  });

  it('refuses operators what nothing would check, and says what they may do', async () => {
    const id = await addJob(access.jobs);
    const { queue } = access.jobs.queues.export;
    const before = JSON.stringify(await queue.getJob(id));
    const offered = /\/(pause|resume|promote|[^/]+\/retry)$/;
    const refused = changes(id).filter(({ path }) => !offered.test(path));
    expect(refused.length).toBeGreaterThan(12);
    for (const { method, path } of refused) {
      const { status, body } = await request(access.app)[method](path).set('X-API-Key', OPERATOR_KEY).send({});
      expect([path, status]).toEqual([path, 405]);
      expect(body).toMatchObject({ code: 'METHOD_NOT_ALLOWED', error: body.detail });
      expect(body.detail).toContain('Operators may pause and resume queues');
    }
    expect(JSON.stringify(await queue.getJob(id))).toBe(before);
    expect(await queue.count()).toBe(1);
  });

  it('takes the session of a browser, and no change from a page of another origin', async () => {
    const signedIn = await request(access.app).post('/api/session').send({ key: OPERATOR_KEY });
    const [cookie = ''] = signedIn.headers['set-cookie'] as unknown as string[];
    const pause = (headers: Record<string, string>) =>
      request(access.app).put('/admin/queues/api/queues/export/pause').set('Cookie', cookie).set(headers);
    expect((await request(access.app).get('/admin/queues').set('Cookie', cookie)).status).toBe(200);
    expect((await pause({ Origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await pause({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect(await access.jobs.queues.export.queue.isPaused()).toBe(false);
    expect((await pause({ 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    expect(await access.jobs.queues.export.queue.isPaused()).toBe(true);
  });

  it('answers a problem document while Redis is away', async () => {
    await away();
    const response = await operator(access.app, '/admin/queues/api/queues');
    expect(response.body).toMatchObject({ status: 503, code: 'REDIS_UNAVAILABLE' });
  });

  it('does not say what went wrong inside', async () => {
    proxy.freeze();
    const response = await operator(access.app, '/admin/queues/api/queues');
    expect(response.status).toBe(500);
    expect(response.text).not.toMatch(/timed out|Command|127\.0\.0\.1|\n\s+at /);
  });
});
