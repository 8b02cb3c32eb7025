import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult } from '@caissa/shared/contracts';
import { eventually } from '@caissa/testing/eventually';
import { openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { enqueue } from './enqueue.js';
import { showJob } from './jobs.js';
import { limitActivations } from './queues.js';
import { type Processor, runWorker } from './run-worker.js';

let jobs: TestJobs;
beforeAll(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterAll(() => jobs.close());

test('activations run one at a time, however many loaders there are', async () => {
  await limitActivations(jobs.context.queues);
  let running = 0;
  let most = 0;
  const processor: Processor<'load'> = async () => {
    most = Math.max(most, ++running);
    await delay(60);
    running--;
    return { message: 'done' } as LoadResult;
  };
  const workers = [runWorker(jobs.worker, 'load', processor, 1), runWorker(jobs.worker, 'load', processor, 1)];
  const added = await Promise.all(
    [1, 2, 3].map((n) => enqueue(jobs.context, 'load', { model_name: `load${n}` }).then(({ job }) => job.id ?? '')),
  );
  for (const id of added) {
    await eventually('the model is active', async () => (await showJob(jobs.context, id)).status === 'completed');
  }
  expect(most).toBe(1);
  await Promise.all(workers.map((worker) => worker.close()));
});
