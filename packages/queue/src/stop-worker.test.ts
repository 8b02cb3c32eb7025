import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@caissa/testing/eventually';
import { exportData, exportResult, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { enqueue } from './enqueue.js';
import { showJob } from './jobs.js';
import { type Processor, runWorker, stopWorker } from './run-worker.js';

let jobs: TestJobs;
beforeAll(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterAll(() => jobs.close());

/** A job in the hands of a worker, and that worker. */
async function takenJob(model: string, processor: Processor<'export'>) {
  const { job } = await enqueue(jobs.context, 'export', exportData({ model_name: model }));
  const id = job.id ?? '';
  const worker = runWorker(jobs.worker, 'export', processor, 1);
  await eventually('the job is active', async () => (await showJob(jobs.context, id)).status === 'active');
  return { id, worker };
}

test('a job that ends within the grace is finished', async () => {
  const { id, worker } = await takenJob('short', async (item) => {
    await delay(200);
    return exportResult(item);
  });
  await stopWorker(worker, 60_000);
  expect(await showJob(jobs.context, id)).toMatchObject({ status: 'completed', attempts: 1 });
});

test('a job that takes longer is aborted and handed back at once, and another worker does it', async () => {
  let aborted: unknown;
  const { id, worker } = await takenJob('long', async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    aborted = signal.reason;
    throw signal.reason;
  });
  await stopWorker(worker, 50);
  expect(aborted).toBeInstanceOf(Error);
  expect(await showJob(jobs.context, id)).toMatchObject({ status: 'queued' });
  const other = runWorker(jobs.worker, 'export', async (item) => exportResult(item), 1);
  await eventually('the job is completed', async () => (await showJob(jobs.context, id)).status === 'completed');
  await other.close();
});
