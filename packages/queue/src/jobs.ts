import { callRedis } from '@caissa/redis';
import { announceTurn, endTurn, takeTurn } from '@caissa/registry';
import type { JobStatus, JobView } from '@caissa/shared/contracts';
import { JOB_TYPES, type JobType } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { ErrorCode } from 'bullmq';
import type { JobsContext } from './enqueue.js';
import { hasBegun, isFinal, isUpload, jobNotFound, jobTypeOf, type QueuedJob, viewJob } from './job-view.js';

/** Finds a job. @throws AppError JOB_NOT_FOUND, REDIS_UNAVAILABLE */
export function findJob(context: JobsContext, jobId: string): Promise<QueuedJob> {
  return callRedis(async () => {
    const job = await context.queues[jobTypeOf(jobId)].queue.getJob(jobId);
    if (!job) throw jobNotFound();
    return job as QueuedJob;
  });
}

/** What a client sees of a job. @throws AppError JOB_NOT_FOUND, REDIS_UNAVAILABLE */
export function showJob(context: JobsContext, jobId: string): Promise<JobView> {
  return callRedis(async () => {
    const type = jobTypeOf(jobId);
    const { queue } = context.queues[type];
    // Both at once, in this order: what has not begun by the second had no result by the first.
    const [job, state] = await Promise.all([queue.getJob(jobId), queue.getJobState(jobId)]);
    if (!job) throw jobNotFound();
    return viewJob(type, job as QueuedJob, () => hasBegun(state));
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

/** Which jobs to list. */
export interface JobFilter {
  readonly type?: JobType | undefined;
  readonly status?: JobStatus | undefined;
  readonly model?: string | undefined;
  readonly limit: number;
  /** Where the last page ended. */
  readonly cursor?: string | undefined;
}

const PAGE = 100;

/** Lists jobs, newest first. Reads only as far as the page needs. @throws AppError INVALID_PARAMETER, REDIS_UNAVAILABLE */
export function listJobs(context: JobsContext, filter: JobFilter): Promise<{ jobs: JobView[]; next_cursor?: string }> {
  return callRedis(async () => {
    const jobs: JobView[] = [];
    const seen = new Set<string>();
    let start = await startRank(context, filter.cursor);
    for (;;) {
      const ids = await context.redis.zrevrange(context.keys.jobsByDate, start, start + PAGE - 1);
      const active = await activeJobs(context);
      const found = await Promise.all(ids.map((id) => viewIfMatching(context, id, filter, active)));
      for (const [index, view] of found.entries()) {
        // Jobs that come in meanwhile push those already shown onto this page.
        if (typeof view !== 'object' || seen.has(view.job_id)) continue;
        seen.add(view.job_id);
        jobs.push(view);
        const more = index + 1 < ids.length || ids.length === PAGE;
        if (jobs.length === filter.limit) return { jobs, ...(more ? { next_cursor: view.job_id } : {}) };
      }
      if (ids.length < PAGE) return { jobs };
      // Entries that were taken out of the index no longer count as ranks.
      start += PAGE - found.filter((view) => view === 'gone').length;
    }
  });
}

/** Jobs that workers have taken: few, where asking BullMQ for the state of each job searches the list of all that wait. */
async function activeJobs({ redis, keys }: JobsContext): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(JOB_TYPES.map((type) => redis.lrange(keys.activeJobs(type), 0, -1)));
  return new Set(lists.flat());
}

async function startRank({ redis, keys }: JobsContext, cursor: string | undefined): Promise<number> {
  if (cursor === undefined) return 0;
  const rank = await redis.zrevrank(keys.jobsByDate, cursor);
  if (rank === null) {
    throw new AppError('INVALID_PARAMETER', 'The cursor is not one that was given out, or is too old.', {
      errors: [{ pointer: '?cursor', detail: 'unknown cursor' }],
    });
  }
  return rank + 1;
}

async function viewIfMatching(
  context: JobsContext,
  id: string,
  filter: JobFilter,
  activeIds: ReadonlySet<string>,
): Promise<JobView | 'gone' | 'other'> {
  const type = jobTypeOf(id);
  if (filter.type !== undefined && filter.type !== type) return 'other';
  const job = (await context.queues[type].queue.getJob(id)) as QueuedJob | undefined;
  if (!job) {
    await context.redis.zrem(context.keys.jobsByDate, id);
    return 'gone';
  }
  if (filter.model !== undefined && job.data.model_name !== filter.model) return 'other';
  const view = await viewJob(type, job, () => activeIds.has(id));
  return filter.status !== undefined && filter.status !== view.status ? 'other' : view;
}
