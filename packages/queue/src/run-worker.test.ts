import { FormatError } from '@caissa/bytes';
import { AppError } from '@caissa/shared/errors';
import { eventually } from '@caissa/testing/eventually';
import { exportData, exportResult, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { enqueue } from './enqueue.js';
import { viewJob } from './job-view.js';
import { cancelJob, findJob, retryJob, showJob } from './jobs.js';
import { listJobs } from './list-jobs.js';
import { type Processor, runWorker } from './run-worker.js';

let jobs: TestJobs;
let closeWorker: (() => Promise<void>) | undefined;
let model = 0;

// Each test has queues of its own, so that what one leaves behind is no work for the next.
beforeEach(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterEach(async () => {
  await stopWorking();
  await jobs.close();
});

function work(processor: Processor<'export'>): void {
  const worker = runWorker(jobs.worker, 'export', processor, 2);
  closeWorker = () => worker.close();
}

/** Lets what is in progress end. From then on nothing moves: a pause between two attempts lasts until a worker looks. */
async function stopWorking(): Promise<void> {
  await closeWorker?.();
  closeWorker = undefined;
}

/** Lets the only job fail once, and leaves it in the pause before its next attempt. */
async function failOneAttempt(): Promise<void> {
  let stopped: Promise<void> | undefined;
  work(async (item) => {
    stopped = stopWorking();
    item.report({ percent: 50, stage: 'writing' });
    throw new AppError('STORE_UNAVAILABLE', 'The disk is away.');
  });
  await eventually('an attempt', () => stopped !== undefined);
  await stopped;
}

async function add(): Promise<string> {
  const { job } = await enqueue(jobs.context, 'export', exportData({ model_name: `m${++model}`, request_id: 'r-1' }));
  return job.id ?? '';
}

const show = (id: string) => showJob(jobs.context, id);
const until = (id: string, status: string) =>
  eventually(`job is ${status}`, async () => {
    const view = await show(id);
    return view.status === status && view;
  });

const succeed: Processor<'export'> = async (item) => exportResult(item);

/** Works until a worker drops the only job, which it must not begin. */
async function untilDropped(id: string): Promise<void> {
  const attempt = vi.fn(succeed);
  work(attempt);
  await eventually('dropped', async () => (await (await findJob(jobs.context, id)).getState()) === 'failed');
  expect(attempt).not.toHaveBeenCalled();
}

/** Works until it is aborted. */
const untilAborted: Processor<'export'> = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a processor', () => {
  test('is told whether the job may have been begun before, also after a retry that counts anew', async () => {
    const seen: boolean[] = [];
    const id = await add();
    work(async (item) => {
      seen.push(item.firstAttempt);
      if (seen.length === 1) throw new AppError('STORE_UNAVAILABLE', 'The disk is away.');
      if (seen.length === 2) throw new FormatError('ZIP_TRUNCATED', 'The file ends too early.');
      return exportResult(item);
    });
    await until(id, 'failed');
    await retryJob(jobs.context, id);
    expect(await until(id, 'completed')).toMatchObject({ attempts: 1 });
    expect(seen).toEqual([true, false, false]);
  });
});

describe('the view of a job', () => {
  test('follows it from the queue to its result', async () => {
    const id = await add();
    expect(await show(id)).toMatchObject({
      success: true,
      job_id: id,
      type: 'export',
      status: 'queued',
      progress: { percent: 0, stage: 'queued' },
      format: 'onnx',
      attempts: 0,
      cancel_requested: false,
      links: { self: `/api/jobs/${id}`, events: `/api/jobs/${id}/events` },
    });
    let finish = () => {};
    work(async (item) => {
      item.report({ percent: 41.6, stage: 'writing' });
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return exportResult(item);
    });
    const active = await eventually('progress', async () => {
      const view = await show(id);
      return view.progress.stage === 'writing' && view;
    });
    expect(active).toMatchObject({ status: 'active', attempts: 1, progress: { percent: 42, stage: 'writing' } });
    expect(active.started_at).toBeDefined();
    expect(active.finished_at).toBeUndefined();
    const listed = await listJobs(jobs.context, { model: active.model_name, limit: 1 });
    expect(listed.jobs).toEqual([active]);
    finish();
    const done = await until(id, 'completed');
    expect(done.progress).toEqual({ percent: 100, stage: 'done' });
    expect(done.result).toMatchObject({ job_id: id, sha256: 'a'.repeat(64) });
    expect(done.links.download).toBe(`/api/model/download/m${model}.onnx`);
    expect(done.finished_at).toBeDefined();
    expect(done.error).toBeUndefined();
  });

  test('of a job that succeeds in a later attempt shows success, and waiting between the attempts', async () => {
    const id = await add();
    await failOneAttempt();
    const between = await show(id);
    expect(between).toMatchObject({ status: 'queued', attempts: 1, progress: { percent: 0, stage: 'queued' } });
    expect(between.error).toBeUndefined();
    work(succeed);
    const done = await until(id, 'completed');
    expect(done).toMatchObject({ attempts: 2, result: { job_id: id } });
    expect(done.error).toBeUndefined();
  });

  test('read before the job ended does not claim an end without a result', async () => {
    const id = await add();
    const early = await findJob(jobs.context, id);
    work(succeed);
    await until(id, 'completed');
    expect(await viewJob('export', early)).toMatchObject({ status: 'active' });
  });
});

describe('a failure', () => {
  test.each([
    ['of the file', () => new FormatError('ZIP_TRUNCATED', 'The file is cut short.'), 'ZIP_TRUNCATED', 422],
    ['that is permanent', () => new AppError('STORAGE_FULL', 'Full.'), 'STORAGE_FULL', 507],
    ['nobody foresaw', () => new TypeError('secret detail'), 'INTERNAL', 500],
  ])('%s ends the job at its first attempt', async (_, error, code, status) => {
    const id = await add();
    const attempt = vi.fn(async () => {
      throw error();
    });
    work(attempt);
    const failed = await until(id, 'failed');
    expect(failed.error).toMatchObject({ success: false, code, status, request_id: 'r-1' });
    expect(failed.error?.detail).not.toContain('secret detail');
    expect(attempt).toHaveBeenCalledOnce();
    expect(failed.result).toBeUndefined();
  });

  test('that may pass is tried again with growing pauses', async () => {
    const id = await add();
    const at: number[] = [];
    work(async () => {
      at.push(performance.now());
      throw new AppError('STORE_UNAVAILABLE', 'The disk is away.');
    });
    await eventually('three attempts', () => at.length >= 3);
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThan(900);
    expect(third - second).toBeGreaterThan(1_900);
    expect((await findJob(jobs.context, id)).opts.attempts).toBe(5);
    await cancelJob(jobs.context, id);
  });

  test('of a payload that breaks its contract is a bug, not a crash', async () => {
    const job = await jobs.context.queues.export.queue.add('export', { model_name: '../etc' } as never, {
      jobId: 'export-00000000-0000-4000-8000-000000000000',
    });
    work(succeed);
    expect(await until(job.id ?? '', 'failed')).toMatchObject({ error: { code: 'INTERNAL' } });
  });
});

describe('cancelling', () => {
  test('a waiting job holds at once, and no worker begins it', async () => {
    const id = await add();
    expect(await cancelJob(jobs.context, id)).toMatchObject({ status: 'cancelled', cancel_requested: true });
    await untilDropped(id);
    const view = await show(id);
    expect(view).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(view.error).toBeUndefined();
  });

  test('an active job stops it soon, without another attempt', async () => {
    const id = await add();
    const attempt = vi.fn(untilAborted);
    work(attempt);
    await until(id, 'active');
    expect(await cancelJob(jobs.context, id)).toMatchObject({ status: 'active', cancel_requested: true });
    const begin = performance.now();
    await until(id, 'cancelled');
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(await jobs.context.queues.export.queue.getJobCountByTypes('wait', 'delayed', 'active')).toBe(0);
    expect(attempt).toHaveBeenCalledOnce();
  });

  test('a job between two attempts', async () => {
    const id = await add();
    await failOneAttempt();
    expect(await (await findJob(jobs.context, id)).getState()).toBe('delayed');
    expect(await cancelJob(jobs.context, id)).toMatchObject({ status: 'cancelled' });
    await untilDropped(id);
    expect(await show(id)).toMatchObject({ status: 'cancelled' });
  });

  test('a finished or cancelled job is refused', async () => {
    const id = await add();
    work(succeed);
    await until(id, 'completed');
    await expect(cancelJob(jobs.context, id)).rejects.toMatchObject({ code: 'JOB_FINISHED', status: 409 });
    await stopWorking();
    const waiting = await add();
    await cancelJob(jobs.context, waiting);
    await expect(cancelJob(jobs.context, waiting)).rejects.toMatchObject({ code: 'JOB_FINISHED' });
  });

  test('a job nobody knows, or of an id that is none', async () => {
    const unknown = 'export-00000000-0000-4000-8000-00000000dead';
    for (const id of [unknown, 'export-1', '../x', '', 'other-00000000-0000-4000-8000-000000000000']) {
      await expect(cancelJob(jobs.context, id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND', status: 404 });
    }
  });

  test('lets the same work be asked for anew while the worker still stops', async () => {
    const data = exportData({ model_name: `m${++model}` });
    const first = await enqueue(jobs.context, 'export', data);
    let release = () => {};
    work(async (item) => {
      if (item.id !== first.job.id) return exportResult(item);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      throw new AppError('CANCELLED', 'stopped');
    });
    await until(first.job.id ?? '', 'active');
    await cancelJob(jobs.context, first.job.id ?? '');
    const second = await enqueue(jobs.context, 'export', data);
    expect(second.joined).toBe(false);
    await until(second.job.id ?? '', 'completed');
    release();
    await until(first.job.id ?? '', 'cancelled');
  });
});

describe('retrying', () => {
  test('a failed job gives it all its attempts again', async () => {
    const id = await add();
    work(vi.fn(succeed).mockRejectedValueOnce(new AppError('STORAGE_FULL', 'Full.')));
    await until(id, 'failed');
    const queued = await retryJob(jobs.context, id);
    expect(['queued', 'active', 'completed']).toContain(queued.status);
    const done = await until(id, 'completed');
    expect(done).toMatchObject({ attempts: 1, result: { job_id: id } });
    expect(done.error).toBeUndefined();
    expect((await findJob(jobs.context, id)).attemptsMade).toBe(1);
  });

  test('a job that failed of itself after it was asked to stop lets it run', async () => {
    const id = await add();
    let healed = false;
    work(async (item) => {
      if (healed) return exportResult(item);
      await cancelJob(jobs.context, id);
      throw new AppError('STORAGE_FULL', 'Full.');
    });
    await until(id, 'failed');
    healed = true;
    expect(await retryJob(jobs.context, id)).toMatchObject({ cancel_requested: false });
    await until(id, 'completed');
  });

  test('is for failed jobs only', async () => {
    const waiting = await add();
    await expect(retryJob(jobs.context, waiting)).rejects.toMatchObject({ code: 'JOB_NOT_FAILED', status: 409 });
    await cancelJob(jobs.context, waiting);
    await expect(retryJob(jobs.context, waiting)).rejects.toMatchObject({ code: 'JOB_NOT_FAILED' });
    work(succeed);
    const id = await add();
    await until(id, 'completed');
    await expect(retryJob(jobs.context, id)).rejects.toMatchObject({ code: 'JOB_NOT_FAILED' });
  });

  test('twice at once retries once and tells the other', async () => {
    const id = await add();
    work(async () => {
      throw new AppError('STORAGE_FULL', 'Full.');
    });
    await until(id, 'failed');
    await stopWorking();
    const both = await Promise.allSettled([retryJob(jobs.context, id), retryJob(jobs.context, id)]);
    const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refused).toMatchObject([{ code: 'JOB_NOT_FAILED' }]);
    await cancelJob(jobs.context, id);
  });
});
