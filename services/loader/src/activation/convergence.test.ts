import { randomUUID } from 'node:crypto';
import {
  cancelJob,
  closeQueues,
  enqueue,
  type JobsContext,
  onJobFailed,
  openQueues,
  runWorker,
  showJob,
  stopWorker,
} from '@caissa/queue';
import { connectWorker } from '@caissa/redis';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually, type LoaderHarness, loadItem, openHarness } from '../../test-support/loader-harness.js';
import { noteFailedJob } from './activation-notes.js';

let harness: LoaderHarness;
beforeEach(async () => {
  harness = await openHarness();
  await harness.addModel('model_v1');
  await harness.addModel('model_v2');
});
afterEach(() => harness.close());

describe('a replica that was cut off from Redis', () => {
  it.each(['cut', 'frozen'])('and was %s serves on, and ends on the generation that is active', async (how) => {
    const proxy = new RedisProxy(inject('redisUrl'));
    await proxy.start();
    const one = await harness.startLoader('one');
    const two = await harness.startLoader('two', {}, proxy.url);
    await one.load(loadItem('model_v1'));
    await eventually('two serves', async () => two.replica.status.generation === 1);
    if (how === 'cut') await proxy.stop();
    else proxy.freeze();
    const late = loadItem('model_v1', { data: { model_name: 'model_v1', sequence: Date.now() } });
    for (const name of ['model_v2', 'model_v1', 'model_v2']) await one.load(loadItem(name));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(two.replica.status).toMatchObject({ state: 'ready', generation: 1 });
    await expect(two.load(late)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', retryable: true });
    expect(two.replica.status).toMatchObject({ state: 'ready', generation: 1 });
    if (how === 'cut') await proxy.start();
    else proxy.thaw();
    await eventually('two has caught up', async () => two.replica.status.generation === 4);
    expect(two.replica.status).toMatchObject({ state: 'ready', model_name: 'model_v2', problem: null });
    await expect(two.load(late)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    await two.stop();
    await proxy.stop();
  });

  it('serves the active model though it starts while Redis is away', async () => {
    const proxy = new RedisProxy(inject('redisUrl'));
    await proxy.start();
    const one = await harness.startLoader('one');
    await one.load(loadItem('model_v1'));
    await proxy.stop();
    const two = await harness.startLoader('two', {}, proxy.url);
    await eventually('two serves', async () => two.replica.status.state === 'ready');
    expect(two.replica.status).toMatchObject({ generation: 1, model_name: 'model_v1' });
    await two.stop();
  });
});

describe('jobs of the queue', () => {
  let jobs: JobsContext;
  let stop: () => Promise<void>;
  beforeEach(async () => {
    const { redis, keys } = harness;
    jobs = { redis, keys, queues: openQueues(redis, keys.prefix) };
    stop = () => closeQueues(jobs.queues);
  });
  afterEach(() => stop());

  /** Takes jobs as `main.ts` does. */
  async function work(): Promise<void> {
    const one = await harness.startLoader(`one-${randomUUID()}`);
    const connection = connectWorker(inject('redisUrl'));
    const worker = runWorker(
      { connection, prefix: harness.keys.prefix, logger: one.context.logger },
      'load',
      one.process,
      1,
    );
    onJobFailed(worker, 'load', (job, error) => void noteFailedJob(one.context, job, error));
    stop = async () => {
      await stopWorker(worker, 1_000);
      connection.disconnect();
      await closeQueues(jobs.queues);
    };
  }

  const load = async (name: string) => (await enqueue(jobs, 'load', { model_name: name })).job.id ?? '';
  const ended = (id: string) =>
    eventually(`${id} ends`, async () => {
      const view = await showJob(jobs, id);
      return ['completed', 'failed', 'cancelled'].includes(view.status) && view;
    });

  it('end with the one that was requested last, the others as superseded', async () => {
    const ids = [await load('model_v1'), await load('model_v2'), await load('model_v1')];
    await work();
    const views = await Promise.all(ids.map(ended));
    expect(views.map(({ status, error }) => error?.code ?? status)).toEqual(['SUPERSEDED', 'SUPERSEDED', 'completed']);
    expect(await harness.activation()).toMatchObject({ generation: 1, pointer: { job_id: ids[2] } });
    const entries = await Promise.all(ids.map((id) => harness.entry(id)));
    expect(entries.map((one) => one?.outcome)).toEqual(['superseded', 'superseded', 'succeeded']);
    expect(await harness.redis.zcard(harness.keys.activationsWaiting)).toBe(0);
  });

  it('that were cancelled while they waited are in the journal', async () => {
    const id = await load('model_v1');
    await cancelJob(jobs, id);
    await work();
    await eventually('the entry', async () => (await harness.entry(id)) !== undefined);
    expect(await harness.entry(id)).toMatchObject({
      outcome: 'cancelled',
      attempts: 0,
      problem: { code: 'CANCELLED' },
    });
  });

  it('that fail let those before them be tried again', async () => {
    const bad = await load('missing');
    await work();
    expect(await ended(bad)).toMatchObject({ status: 'failed', error: { code: 'MODEL_NOT_FOUND' } });
    await eventually(
      'the turn is over',
      async () => (await harness.redis.zcard(harness.keys.activationsWaiting)) === 0,
    );
    expect(await ended(await load('model_v1'))).toMatchObject({ status: 'completed', result: { generation: 1 } });
  });
});
