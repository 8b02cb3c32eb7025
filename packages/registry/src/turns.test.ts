import { cancelJob, enqueue, retryJob, runWorker } from '@caissa/queue';
import type { LoadJobData } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { eventually } from '@caissa/testing/eventually';
import { openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import type { Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { announceTurn, endTurn, isOvertaken, takeTurn } from './turns.js';

let jobs: TestJobs;
beforeEach(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterEach(() => jobs.close());

const load = (name: string, change: Partial<LoadJobData> = {}) =>
  enqueue(jobs.context, 'load', { model_name: name, ...change });
const sequenceOf = async (id: string | undefined) =>
  ((await jobs.context.queues.load.queue.getJob(id ?? '')) as Job<LoadJobData> | undefined)?.data.sequence ?? 0;
const overtaken = async (id: string | undefined) => {
  const { redis, keys } = jobs.context;
  return isOvertaken(redis, keys, await sequenceOf(id));
};

describe('turns', () => {
  test('grow, also over a loss of Redis, and begin a new run when something else is wished for', async () => {
    const { redis, keys } = jobs.context;
    const first = await takeTurn(redis, keys, 'a');
    const again = await takeTurn(redis, keys, 'a');
    const other = await takeTurn(redis, keys, 'b');
    const back = await takeTurn(redis, keys, 'a');
    const sequences = [first, again, other, back].map(({ sequence }) => sequence);
    expect([...new Set(sequences)].sort((left, right) => left - right)).toEqual(sequences);
    expect(again.run).toBe(first.run);
    expect(new Set([first.run, other.run, back.run]).size).toBe(3);
    await redis.del(keys.activationTurns);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await takeTurn(redis, keys, 'a')).sequence).toBeGreaterThan(back.sequence);
  });

  test('are overtaken by those that come later and are not over', async () => {
    const { redis, keys } = jobs.context;
    await announceTurn(redis, keys, 'one', 1);
    await announceTurn(redis, keys, 'two', 2);
    expect(await isOvertaken(redis, keys, 1)).toBe(true);
    expect(await isOvertaken(redis, keys, 2)).toBe(false);
    await endTurn(redis, keys, 'two');
    expect(await isOvertaken(redis, keys, 1)).toBe(false);
  });
});

describe('requested activations', () => {
  test('of load A, load B, load A the last one is new work and overtakes the others', async () => {
    const first = await load('a');
    const second = await load('b');
    const third = await load('a');
    expect([first.joined, second.joined, third.joined]).toEqual([false, false, false]);
    expect(third.job.id).not.toBe(first.job.id);
    expect(await overtaken(first.job.id)).toBe(true);
    expect(await overtaken(second.job.id)).toBe(true);
    expect(await overtaken(third.job.id)).toBe(false);
  });

  test('are joined while nothing else was asked for since, whoever asks', async () => {
    const first = await load('a');
    const again = await load('a', { requested_by: 'somebody else' });
    expect(again).toMatchObject({ joined: true, job: { id: first.job.id } });
    expect(await overtaken(first.job.id)).toBe(false);
    expect(await load('a', { kind: 'unload' })).toMatchObject({ joined: false });
  });

  test('that are cancelled stand in the way of nobody', async () => {
    const first = await load('a');
    const second = await load('b');
    await cancelJob(jobs.context, second.job.id ?? '');
    expect(await overtaken(first.job.id)).toBe(false);
  });

  test('sent again under one idempotency key change nothing', async () => {
    const claim = { key: 'k', caller: 'me', request: 1 };
    const first = await enqueue(jobs.context, 'load', { model_name: 'a' }, claim);
    const second = await load('b');
    const again = await enqueue(jobs.context, 'load', { model_name: 'a' }, claim);
    expect(again).toMatchObject({ joined: true, job: { id: first.job.id } });
    expect(await overtaken(first.job.id)).toBe(true);
    expect(await overtaken(second.job.id)).toBe(false);
  });

  test('that failed and are retried count as requested now', async () => {
    const first = await load('a');
    const fail = () => Promise.reject(new AppError('MODEL_NOT_FOUND', 'gone'));
    const worker = runWorker(jobs.worker, 'load', fail, 1);
    await eventually('the failure', async () => (await first.job.getState()) === 'failed');
    await worker.close();
    const before = await sequenceOf(first.job.id);
    const second = await load('b');
    await retryJob(jobs.context, first.job.id ?? '');
    expect(await sequenceOf(first.job.id)).toBeGreaterThan(before);
    expect(await overtaken(second.job.id)).toBe(true);
    expect(await overtaken(first.job.id)).toBe(false);
  });
});
