import { ExportIndex } from '@caissa/registry';
import { type ExportResult, JOB_TYPES } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { eventually } from '@caissa/testing/eventually';
import { exportData, exportResult, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { Job, type Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { enqueue, findClaimedJob } from './enqueue.js';
import { newJobId } from './job-view.js';
import { cancelJob, findJob, retryJob, showJob } from './jobs.js';
import { listJobs, trimJobList } from './list-jobs.js';
import { type Processor, runWorker, type WorkItem } from './run-worker.js';

const KEPT = 5;

let jobs: TestJobs;
let workers: Worker[];
beforeEach(async () => {
  workers = [];
  jobs = await openTestJobs(inject('redisUrl'), inject('redisUrl'), { keepJobs: KEPT });
});
afterEach(async () => {
  await closeWorkers();
  await jobs.close();
});

const closeWorkers = () => Promise.all(workers.splice(0).map((worker) => worker.close()));

function work(processor: Processor<'export'> = async (item) => exportResult(item)): void {
  workers.push(runWorker(jobs.worker, 'export', processor, 1));
}

const claimOf = (n: number) => ({ key: `key-${n}`, caller: 'ann', request: n });
const add = async (n: number) =>
  (await enqueue(jobs.context, 'export', exportData({ metadata: { n } }), claimOf(n))).job.id ?? '';

async function finish(id: string) {
  const isOver = async () => {
    const view = await showJob(jobs.context, id);
    return view.finished_at !== undefined && view;
  };
  return eventually('the job is over', isOver);
}

/** One job more than are kept, all of them over. */
async function finishMany(): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n <= KEPT; n++) ids.push(await add(n));
  work();
  await finish(ids.at(-1) ?? '');
  return ids;
}

describe('of more finished jobs than are kept', () => {
  const forgotten = { code: 'JOB_FORGOTTEN', status: 410 };

  test('the oldest is gone, and whoever asks for it is told so and since when jobs are kept', async () => {
    const [first = '', second = ''] = await finishMany();
    const since = (await showJob(jobs.context, second)).finished_at;
    for (const ask of [showJob, cancelJob, retryJob]) {
      const refusal = expect(ask(jobs.context, first)).rejects;
      await refusal.toMatchObject({
        ...forgotten,
        message: expect.stringMatching(`since ${since}, or an operator removed it`),
      });
    }
  });

  test('an id that never was, or is too old to tell, is not taken for one that is gone', async () => {
    await finishMany();
    const unknown = { code: 'JOB_NOT_FOUND', status: 404 };
    await expect(showJob(jobs.context, newJobId('export'))).rejects.toMatchObject(unknown);
    await expect(showJob(jobs.context, newJobId('load'))).rejects.toMatchObject(unknown);
    const eightDaysAgo = (Date.now() - 8 * 24 * 3_600_000).toString(16).padStart(12, '0');
    const old = `export-${eightDaysAgo.slice(0, 8)}-${eightDaysAgo.slice(8)}-7000-8000-000000000000`;
    await expect(showJob(jobs.context, old)).rejects.toMatchObject(unknown);
    await expect(showJob(jobs.context, `export-${crypto.randomUUID()}`)).rejects.toMatchObject(unknown);
  });

  test('the key of one that is gone begins no work again, and that of another leads to its job', async () => {
    const [first = '', second = ''] = await finishMany();
    const refusal = { ...forgotten, message: expect.stringContaining(first) };
    await expect(add(0)).rejects.toMatchObject(refusal);
    await expect(findClaimedJob(jobs.context, 'export', claimOf(0))).rejects.toMatchObject(refusal);
    expect(await add(1)).toBe(second);
    expect(await jobs.context.queues.export.queue.getJobCountByTypes('waiting', 'active')).toBe(0);
  });

  test('those that are gone are taken off the list, by whoever looks through it', async () => {
    const [, ...kept] = await finishMany();
    const { redis, keys } = jobs.context;
    await trimJobList(jobs.context);
    expect(await redis.zcard(keys.jobsByDate)).toBe(KEPT);
    const { jobs: listed } = await listJobs(jobs.context, { status: 'completed', limit: 100 });
    expect(listed.map(({ job_id }) => job_id).reverse()).toEqual(kept);
  });
});

test('a job that failed is kept without the stack of its worker', async () => {
  const id = await add(0);
  work(async () => {
    throw new AppError('VERIFICATION_FAILED', 'It computes something else.');
  });
  await finish(id);
  expect(String((await findJob(jobs.context, id)).stacktrace)).not.toContain('.js');
});

describe('metadata that is too large to be kept with a job', () => {
  const large = { losses: Array.from({ length: 2_000 }, (_, n) => n / 7) };
  const whole = (result: ExportResult): ExportResult => ({ ...result, metadata: large });

  async function exportLarge(): Promise<string> {
    const { job } = await enqueue(jobs.context, 'export', exportData({ metadata: large }));
    work(async (item) => whole(exportResult(item)));
    await finish(job.id ?? '');
    return job.id ?? '';
  }

  test('is left out of the result, which says so', async () => {
    const { result } = await showJob(jobs.context, await exportLarge());
    expect(result).toMatchObject({
      metadata: {},
      metadata_left_out: expect.stringContaining('GET /api/model/exports'),
    });
  });

  test('comes from the list of exports as long as the export is there', async () => {
    const id = await exportLarge();
    const result = exportResult({ id, data: exportData() } as WorkItem<'export'>);
    const { redis, keys } = jobs.context;
    const index = new ExportIndex(redis, keys);
    const { model_name, filename, format, size_bytes, sha256 } = result;
    const common = { schema_version: 1, model_name, filename, format, size_bytes, sha256 } as const;
    await index.add({ ...common, job_id: id, export_date: '2026-01-01T00:00:00Z', metadata: large, warnings: [] });
    expect((await showJob(jobs.context, id)).result).toEqual(whole(result));
    await index.remove(filename);
    expect((await showJob(jobs.context, id)).result).toMatchObject({ metadata: {} });
  });

  const dataOf = async (id: string) => (await findJob(jobs.context, id)).data;

  test('takes little room when the job is completed, and stays with it until then, as what was noted meanwhile does', async () => {
    const { moveToCompleted } = Job.prototype;
    let before: object = {};
    vi.spyOn(Job.prototype, 'moveToCompleted').mockImplementationOnce(async function (this: Job, ...how) {
      before = await dataOf(this.id ?? '');
      await this.updateData({ ...before, cancel_requested_at: '2026-01-01T00:00:00Z' });
      return moveToCompleted.apply(this, how);
    });
    const id = await exportLarge();
    expect(before).toMatchObject({ metadata: large });
    await expect.poll(() => dataOf(id)).toMatchObject({ model_name: 'model_v1', metadata: {} });
    expect(await dataOf(id)).toMatchObject({ metadata: {}, cancel_requested_at: '2026-01-01T00:00:00Z' });
  });
});

/** What docs/operations.md promises, and what a place in the sorted sets takes of it. */
const [PROMISED_BYTES, LISTED_BYTES] = [3_500, 300];

test.each(JOB_TYPES)('a finished %s takes no more of Redis than is promised', async (type) => {
  const { redis, keys, queues } = jobs.context;
  const data = { ...exportData({ metadata: { run: 'nightly' } }), identity: '1-2-3', requested_by: 'ann' };
  const { job } = await enqueue(jobs.context, type, data as never, claimOf(1));
  const metadata = { version: 7, win_rate: 0.75, export_date: '2026-01-01T00:00:00Z', sha256: 'a'.repeat(64) };
  const result = { ...exportResult({ id: job.id, data } as never), metadata };
  workers.push(runWorker(jobs.worker, type, async () => result as never, 1));
  await finish(job.id ?? '');
  expect(await queues[type].queue.getJobCountByTypes('completed')).toBe(1);
  const sizes = await Promise.all(
    [keys.job(type, job.id ?? ''), ...(await redis.keys(keys.idempotency('*')))].map((key) =>
      redis.memory('USAGE', key, 'SAMPLES', 0),
    ),
  );
  expect(sizes.reduce<number>((sum, size) => sum + (size ?? 0), LISTED_BYTES)).toBeLessThan(PROMISED_BYTES);
});
