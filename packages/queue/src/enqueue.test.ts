import { exportData, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { enqueue } from './enqueue.js';
import { claimJobId, type IdempotencyClaim } from './idempotency.js';
import { newJobId } from './job-view.js';
import { cancelJob } from './jobs.js';
import { listJobs } from './list-jobs.js';
import { runWorker } from './run-worker.js';

let jobs: TestJobs;
let model = 0;
/** A model of its own for each test, so that no job of another is joined. */
let data: ReturnType<typeof exportData>;

beforeAll(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterAll(() => jobs.close());
beforeEach(() => {
  data = exportData({ model_name: `model_${++model}` });
});

const add = (change: object = {}, claim?: IdempotencyClaim) =>
  enqueue(jobs.context, 'export', { ...data, ...change }, claim);

describe('identical work in flight', () => {
  test('is joined, whatever the order of keys and whoever asks', async () => {
    const first = await add({ metadata: { a: 1, b: { c: [1, 2], d: null } }, request_id: 'r1', requested_by: 'ann' });
    const second = await add({ metadata: { b: { d: null, c: [1, 2] }, a: 1 }, request_id: 'r2', requested_by: 'bob' });
    expect(first.joined).toBe(false);
    expect(second).toMatchObject({ joined: true });
    expect(second.job.id).toBe(first.job.id);
  });

  test.each<[string, object]>([
    ['metadata', { metadata: { a: 2 } }],
    ['the type of a value', { metadata: { a: '1' } }],
    ['a list in place of an object', { metadata: { a: [['b', 1]] } }],
    ['an order of a list', { metadata: { a: [2, 1] } }],
    ['format', { format: 'pytorch' }],
    ['options', { options: { opset: 12, verify: 'none' } }],
    ['model', { model_name: 'another' }],
  ])('is not joined when it differs in %s', async (_, change) => {
    const base = { metadata: { a: 'list' in change ? 1 : { b: 1 } } };
    const first = await add(base);
    const ordered = await add({ metadata: { a: [1, 2] } });
    const other = await add(change);
    expect(other.joined).toBe(false);
    expect(new Set([first.job.id, ordered.job.id, other.job.id]).size).toBe(3);
  });

  test('of twenty requests at once gives one job, listed once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => add()));
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
    expect(answers.filter(({ joined }) => !joined)).toHaveLength(1);
    const listed = await listJobs(jobs.context, { model: data.model_name, limit: 10 });
    expect(listed.jobs).toHaveLength(1);
  });

  test('does not keep the same load and export apart from each other by mistake', async () => {
    const load = await enqueue(jobs.context, 'load', { model_name: data.model_name });
    const exported = await add();
    expect(load.job.id).toMatch(/^load-/);
    expect(exported.job.id).toMatch(/^export-/);
    await cancelJob(jobs.context, load.job.id ?? '');
  });
});

test('a job that is over is not joined', async () => {
  const first = await add();
  const worker = runWorker(jobs.worker, 'export', async () => ({ message: 'done' }) as never, 4);
  try {
    await expect.poll(() => first.job.getState()).toBe('completed');
    const second = await add();
    expect(second.joined).toBe(false);
    expect(second.job.id).not.toBe(first.job.id);
  } finally {
    await worker.close();
  }
});

test('a cancelled job is not joined, and what takes its place is', async () => {
  const first = await add();
  await cancelJob(jobs.context, first.job.id ?? '');
  const second = await add();
  const third = await add();
  expect(second.joined).toBe(false);
  expect(third.job.id).toBe(second.job.id);
});

describe('an idempotency key', () => {
  const claim = (change: Partial<IdempotencyClaim> = {}): IdempotencyClaim => ({
    key: `key-${model}`,
    caller: 'ann',
    request: { model },
    ...change,
  });

  test('gives the same job for the same request, also when that is cancelled', async () => {
    const first = await add({}, claim());
    await cancelJob(jobs.context, first.job.id ?? '');
    const second = await add({}, claim());
    expect(second).toMatchObject({ joined: true });
    expect(second.job.id).toBe(first.job.id);
  });

  test('is refused with another request', async () => {
    await add({}, claim());
    const other = add({ metadata: { a: 1 } }, claim({ request: { model, a: 1 } }));
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH', status: 422 });
  });

  test('of another caller is another key', async () => {
    const first = await add({}, claim());
    const second = await add({ metadata: { a: 1 } }, claim({ caller: 'bob', request: 'else' }));
    expect(second.job.id).not.toBe(first.job.id);
  });

  test('sent twenty times at once gives one job', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => add({}, claim())));
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
  });

  test('stays with the job it joined after that job is cancelled', async () => {
    const running = await add();
    const joined = await add({}, claim());
    expect(joined.job.id).toBe(running.job.id);
    await cancelJob(jobs.context, running.job.id ?? '');
    const again = await add({}, claim());
    expect(again.job.id).toBe(running.job.id);
  });

  test('is not stored in clear, and is kept for seven days', async () => {
    await add({}, claim({ key: 'secret-looking' }));
    const { redis, keys } = jobs.context;
    const names = await redis.keys(`${keys.idempotency('*')}`);
    expect(names.join()).not.toContain('secret-looking');
    const left = await Promise.all(names.map((name) => redis.ttl(name)));
    expect(Math.min(...left)).toBeGreaterThan(6.9 * 24 * 3600);
    expect(Math.max(...left)).toBeLessThanOrEqual(7 * 24 * 3600);
  });
});

test('a claim whose maker ended before it had added the job is carried on', async () => {
  const claim = { key: `key-${model}`, caller: 'ann', request: 1 };
  const { redis, keys } = jobs.context;
  const { jobId } = await claimJobId(redis, keys, claim, newJobId('export'));
  const { job, joined } = await add({}, claim);
  expect([job.id, joined]).toEqual([jobId, true]);
  expect(await job.getState()).toBe('waiting');
});

test('a job whose maker ended before listing it is listed by the next request of its key', async () => {
  const claim = { key: `key-${model}`, caller: 'ann', request: 1 };
  const first = await add({}, claim);
  await jobs.context.redis.zrem(jobs.context.keys.jobsByDate, first.job.id ?? '');
  await add({}, claim);
  const { jobs: listed } = await listJobs(jobs.context, { model: data.model_name, limit: 10 });
  expect(listed.map((one) => one.job_id)).toEqual([first.job.id]);
});
