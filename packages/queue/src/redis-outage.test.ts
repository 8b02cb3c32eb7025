import { connectProducer, connectWorker, redisKeys } from '@caissa/redis';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { eventually } from '@caissa/testing/eventually';
import { exportData, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { RedisProxy } from '@caissa/testing/redis-proxy';
import { pino } from 'pino';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { enqueue, type JobsContext } from './enqueue.js';
import { JobWatcher } from './job-watcher.js';
import { showJob } from './jobs.js';
import { openQueues } from './queues.js';
import { runWorker } from './run-worker.js';

const done = async () => ({ message: 'done' }) as never;
const never = new AbortController().signal;
let jobs: TestJobs;
let proxy: RedisProxy;

async function open(): Promise<void> {
  proxy = new RedisProxy(inject('redisUrl'));
  await proxy.start();
  jobs = await openTestJobs(proxy.url, inject('redisUrl'));
}

afterEach(async () => {
  await jobs.close();
  await proxy.stop();
});

async function add(model_name: string): Promise<string> {
  const { job } = await enqueue(jobs.context, 'export', exportData({ model_name }));
  return job.id ?? '';
}

const completed = (id: string, context: JobsContext = jobs.context) =>
  eventually('completed', async () => (await showJob(context, id)).status === 'completed');

describe('while Redis is away', () => {
  test('requests fail within a second, and workers and watchers go on by themselves when it is back', async () => {
    await open();
    const watcher = new JobWatcher(jobs.context, jobs.worker.connection);
    const worker = runWorker(jobs.worker, 'export', done, 1);
    jobs.onClose(() => watcher.close());
    jobs.onClose(() => worker.close());
    await completed(await add('before'));
    await proxy.stop();
    await atBestWithin(1_000, () => expect(add('during')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' }));
    await proxy.start();
    const id = await eventually('accepted', () => add('after').catch(() => undefined));
    expect(await watcher.waitForEnd(id, 60_000, never)).toMatchObject({ status: 'completed' });
  });

  test('a frozen Redis is answered for within a second too', async () => {
    await open();
    proxy.freeze();
    const claim = { key: 'k', caller: 'c', request: 1 };
    await atBestWithin(1_000, () =>
      expect(enqueue(jobs.context, 'export', exportData(), claim)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' }),
    );
    proxy.thaw();
    await eventually('accepted', () => add('after').catch(() => undefined));
  });

  test('an outage during the work does not lose its result', async () => {
    await open();
    let finish = () => {};
    const worker = runWorker(
      jobs.worker,
      'export',
      async (item) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        item.report({ percent: 90, stage: 'publishing' });
        return done();
      },
      1,
    );
    jobs.onClose(() => worker.close());
    const id = await add('long');
    await eventually('active', async () => (await showJob(jobs.context, id)).status === 'active');
    await proxy.stop();
    finish();
    await proxy.start();
    await eventually('completed', async () => {
      const view = await showJob(jobs.context, id).catch(() => undefined);
      return view?.status === 'completed' && view.attempts === 1;
    });
  });
});

test('what is started while Redis is away works once it is there', async () => {
  await open();
  await proxy.stop();
  const keys = redisKeys(jobs.context.keys.prefix);
  const redis = connectProducer(proxy.url);
  const connection = connectWorker(proxy.url);
  const context = { redis, keys, queues: openQueues(redis, keys.prefix) };
  const watcher = new JobWatcher(context, connection);
  const worker = runWorker({ connection, prefix: keys.prefix, logger: pino({ level: 'silent' }) }, 'export', done, 1);
  await expect(enqueue(context, 'export', exportData())).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  await proxy.start();
  const added = await eventually('accepted', () => enqueue(context, 'export', exportData()).catch(() => undefined));
  await completed(added.job.id ?? '', context);
  const kinds: string[] = [];
  // The watcher may be back later than the worker, and a job may end before its id is known here.
  await eventually('an event', async () => {
    const { job } = await enqueue(context, 'export', exportData({ model_name: 'later' }));
    watcher.subscribe(job.id ?? '', (event) => kinds.push(event.kind));
    await completed(job.id ?? '', context);
    return kinds.includes('completed');
  });
  await worker.close();
  await watcher.close();
  redis.disconnect();
  connection.disconnect();
});
