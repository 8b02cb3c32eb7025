import { AppError } from '@caissa/shared/errors';
import { eventually } from '@caissa/testing/eventually';
import { exportData, exportResult, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import type { Worker } from 'bullmq';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { enqueue } from './enqueue.js';
import { findJob, showJob } from './jobs.js';
import { type Processor, runWorker, type WorkItem } from './run-worker.js';

type Item = WorkItem<'export'>;

let proxy: RedisProxy;
let jobs: TestJobs;
let worker: Worker;
let lines: { readonly level: number; readonly msg: string }[];

beforeEach(async () => {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  jobs = await openTestJobs(proxy.url, inject('redisUrl'));
  lines = [];
});
afterEach(async () => {
  await worker.close();
  await jobs.close();
  await proxy.stop();
});

/** A job in the hands of a worker that does `work` with it. */
async function take(work: Processor<'export'>): Promise<Item> {
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  let taken: Item | undefined;
  worker = runWorker(
    { ...jobs.worker, logger },
    'export',
    (item) => {
      taken = item;
      return work(item);
    },
    1,
  );
  await enqueue(jobs.context, 'export', exportData({ model_name: 'm' }));
  return eventually('a job', async () => taken);
}

/** Hands a job to somebody else, as a check for stalled jobs does once its lock has run out. */
const handOver = ({ lock }: Item) => jobs.context.redis.set(lock.key, 'another');

const untilReleased = () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release: () => release() };
};

test('confirms the lock for as long as it is held, and by the key and token that it tells', async () => {
  const { released, release } = untilReleased();
  const item = await take(async (one) => {
    await released;
    return exportResult(one);
  });
  expect(await jobs.context.redis.get(item.lock.key)).toBe(item.lock.token);
  await jobs.context.redis.pexpire(item.lock.key, 10_000);
  await item.confirm();
  expect(await jobs.context.redis.pttl(item.lock.key)).toBeGreaterThan(10_000);
  release();
  await eventually('the end', async () => (await showJob(jobs.context, item.id)).status === 'completed');
  await expect(item.confirm()).rejects.toMatchObject({ code: 'JOB_LOST' });
});

test('a worker that finds that it has lost the job says so once, and leaves its state and progress alone', async () => {
  const { released, release } = untilReleased();
  const item = await take(async (one) => {
    await released;
    one.report({ stage: 'publishing', percent: 99 });
    await one.confirm();
    return exportResult(one);
  });
  await handOver(item);
  release();
  await eventually('a warning', async () => lines.some(({ level }) => level === 40));
  await worker.close();
  expect(lines.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([
    'This worker lost the job, because it did not renew its lock in time; what it had begun is discarded.',
  ]);
  expect(await showJob(jobs.context, item.id)).toMatchObject({ status: 'active', progress: { percent: 0 } });
  const { attemptsMade, failedReason } = await findJob(jobs.context, item.id);
  expect([attemptsMade, failedReason]).toEqual([0, undefined]);
  expect(await jobs.context.redis.get(item.lock.key)).toBe('another');
});

test('whatever else goes wrong with a lost job says nothing of it', async () => {
  const { released, release } = untilReleased();
  const item = await take(async () => {
    await released;
    throw new AppError('STORAGE_FULL', 'Full.');
  });
  await handOver(item);
  release();
  await eventually('a warning', async () => lines.some(({ level }) => level === 40));
  expect(lines.at(-1)?.msg).toMatch(/^This worker lost the job/);
  expect(await showJob(jobs.context, item.id)).toMatchObject({ status: 'active' });
});

test('a lock that could not be renewed aborts the work', async () => {
  const item = await take(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  await handOver(item);
  worker.emit('lockRenewalFailed', [item.id]);
  await eventually('a warning', async () => lines.some(({ level }) => level === 40));
  expect(item.signal.reason).toMatchObject({ code: 'JOB_LOST' });
});

test('waits for Redis to be back', async () => {
  const { released, release } = untilReleased();
  const item = await take(async (one) => {
    await released;
    return exportResult(one);
  });
  await proxy.stop();
  let confirmed = false;
  const confirming = item.confirm().then(() => {
    confirmed = true;
  });
  await expect(enqueue(jobs.context, 'export', exportData())).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  expect(confirmed).toBe(false);
  await proxy.start();
  await confirming;
  release();
});
