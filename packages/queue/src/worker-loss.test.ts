import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@caissa/testing/eventually';
import { exportData, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { enqueue } from './enqueue.js';
import { findJob, showJob } from './jobs.js';
import { runWorker } from './run-worker.js';

/** A worker process that takes a job and never ends it. Arguments: URL, prefix. */
const WORKER = `
import { connectWorker } from '@caissa/redis';
import { createLogger } from '@caissa/shared/process';
import { runWorker } from '@caissa/queue';
const [url, prefix] = process.argv.slice(1);
const context = { connection: connectWorker(url), prefix, logger: createLogger('test', 'silent') };
runWorker(context, 'export', async () => {
  process.stdout.write('begun');
  await new Promise(() => {});
}, 1);
`;

/** Twice what the settings promise, for a machine that is busy with other things. */
const TAKEN_OVER_MS = 45_000;

let jobs: TestJobs;
let child: ChildProcess | undefined;
let worker: Worker | undefined;

beforeAll(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await worker?.close();
});
afterAll(() => jobs.close());

function work(): void {
  worker = runWorker(jobs.worker, 'export', async () => ({ message: 'done' }) as never, 1);
}

const until = (id: string, status: string) =>
  eventually(
    `job is ${status}`,
    async () => {
      const view = await showJob(jobs.context, id);
      return view.status === status && view;
    },
    TAKEN_OVER_MS,
  );

test('a job of a worker that was killed is done by another, its stall is no failed attempt', async () => {
  const { job } = await enqueue(jobs.context, 'export', exportData());
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  child = spawn(process.execPath, ['--input-type=module', '-e', WORKER, inject('redisUrl'), jobs.worker.prefix], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout) await once(child.stdout, 'data');
  child.kill('SIGKILL');
  work();
  const view = await until(job.id ?? '', 'completed');
  expect(view.attempts).toBe(2);
  const done = await findJob(jobs.context, job.id ?? '');
  expect(done.attemptsMade).toBe(1);
  expect(done.stalledCounter).toBe(1);
});

/** Takes a job as a worker does that dies at once; `losses` is how many it had before. */
async function lose(model_name: string, losses: number): Promise<string> {
  const { job } = await enqueue(jobs.context, 'export', exportData({ model_name }));
  await jobs.context.redis.hset(`${jobs.worker.prefix}:export:${job.id}`, 'stc', losses);
  const { connection, prefix } = jobs.worker;
  const dying = new Worker('export', undefined, { connection, prefix, autorun: false, lockDuration: 10 });
  expect((await dying.getNextJob(model_name))?.id).toBe(job.id);
  await dying.close();
  return job.id ?? '';
}

test('a fifth loss does not fail a job, a sixth does, and says so', async () => {
  const fragile = await lose('fragile', 4);
  const hopeless = await lose('hopeless', 5);
  work();
  const failed = await until(hopeless, 'failed');
  expect(failed.error).toMatchObject({ code: 'WORKER_LOST', status: 500 });
  expect(failed.error?.detail).toContain('retry the job');
  await until(fragile, 'completed');
});
