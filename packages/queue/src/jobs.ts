import { callRedis } from '@caissa/redis';
import { announceTurn, endTurn, takeTurn } from '@caissa/registry';
import type { JobView } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { ErrorCode } from 'bullmq';
import { absentJob } from './absent-jobs.js';
import type { JobsContext } from './enqueue.js';
import { hasBegun, isFinal, isUpload, jobNotFound, jobTypeOf, type QueuedJob, viewJob } from './job-view.js';
import { withWholeResult } from './kept-job.js';
import { notePaused } from './paused-queues.js';

/** Finds a job. @throws AppError JOB_NOT_FOUND, JOB_FORGOTTEN, REDIS_UNAVAILABLE */
export function findJob(context: JobsContext, jobId: string): Promise<QueuedJob> {
  return callRedis(async () => {
    const job = await context.queues[jobTypeOf(jobId)].queue.getJob(jobId);
    if (!job) throw await absentJob(context.queues, jobId);
    return job as QueuedJob;
  });
}

/** What a client sees of a job. @throws AppError JOB_NOT_FOUND, JOB_FORGOTTEN, REDIS_UNAVAILABLE */
export function showJob(context: JobsContext, jobId: string): Promise<JobView> {
  return callRedis(async () => {
    const type = jobTypeOf(jobId);
    const { queue } = context.queues[type];
    // Both at once, in this order: what has not begun by the second had no result by the first.
    const [job, state] = await Promise.all([queue.getJob(jobId), queue.getJobState(jobId)]);
    if (!job) throw await absentJob(context.queues, jobId);
    const view = await viewJob(type, job as QueuedJob, () => hasBegun(state));
    const [noted = view] = await notePaused(context.queues, [view]);
    return withWholeResult(context.redis, context.keys, noted);
  });
}

/**
 * Asks for a job to be stopped. A waiting job is cancelled from now on; an active one when its worker next looks.
 * @throws AppError JOB_NOT_FOUND, JOB_FINISHED, REDIS_UNAVAILABLE
 */
export async function cancelJob(context: JobsContext, jobId: string): Promise<JobView> {
  const job = await findJob(context, jobId);
  const type = jobTypeOf(jobId);
  return callRedis(async () => {
    const before = await viewJob(type, job);
    if (isFinal(before.status)) {
      throw new AppError('JOB_FINISHED', `The job is ${before.status} already and cannot be cancelled.`);
    }
    // Somebody who asks for the same work from now on does not want this job.
    await job.removeDeduplicationKey();
    await unlessGone(job.updateData({ ...job.data, cancel_requested_at: new Date().toISOString() }));
    if (type === 'load') await endTurn(context.redis, context.keys, jobId);
    const after = await viewJob(type, job);
    if (after.status === 'cancelled') {
      await context.queues[type].events.publishEvent({ eventName: 'cancelled', jobId });
    }
    return after;
  });
}

/**
 * Puts a failed job back into its queue with all its attempts; an activation counts as requested now.
 * @param assertPossible throws what the job would fail with at once: what it failed with is worth more
 * @throws AppError JOB_NOT_FOUND, JOB_NOT_FAILED, UPLOAD_GONE, or what `assertPossible` throws
 */
export async function retryJob(
  context: JobsContext,
  jobId: string,
  assertPossible: (work: QueuedJob['data']) => Promise<unknown> = async () => undefined,
): Promise<JobView> {
  const job = await findJob(context, jobId);
  const type = jobTypeOf(jobId);
  const { status } = await callRedis(() => viewJob(type, job));
  if (status !== 'failed') throw new AppError('JOB_NOT_FAILED', `The job is ${status}; only a failed job is retried.`);
  if (isUpload(job)) {
    throw new AppError('UPLOAD_GONE', 'The file was not kept when it was refused. Upload it again.');
  }
  await assertPossible(job.data);
  return callRedis(async () => {
    // It may have been asked to stop, and have failed of itself before it did.
    const { cancel_requested_at: cancelled, ...data } = job.data;
    const turn = type === 'load' ? await takeTurn(context.redis, context.keys, jobId) : undefined;
    const renewed = turn === undefined ? data : { ...data, sequence: turn.sequence };
    if (cancelled !== undefined || turn) await unlessGone(job.updateData(renewed));
    await unlessGone(job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }));
    if (turn) await announceTurn(context.redis, context.keys, jobId, turn.sequence);
    return showJob(context, jobId);
  });
}

/** Names the refusals of BullMQ when somebody else removed or retried the job meanwhile. */
async function unlessGone(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === ErrorCode.JobNotExist) throw jobNotFound();
    if (code === ErrorCode.JobNotInState) {
      throw new AppError('JOB_NOT_FAILED', 'The job is not failed any more; somebody retried it.');
    }
    throw error;
  }
}
