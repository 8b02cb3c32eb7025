import type { JobStatus, JobView } from '@caissa/shared/contracts';
import {
  JOB_TYPES,
  type JobDataByType,
  type JobProgress,
  type JobResultByType,
  type JobType,
  jobProgressSchema,
} from '@caissa/shared/contracts';
import { AppError, toProblem } from '@caissa/shared/errors';
import type { Job } from 'bullmq';
import { v7 as timeOrderedUuid } from 'uuid';
import { parseFailedReason } from './failed-jobs.js';

/** A job of one of our queues. */
export type QueuedJob = Job<JobDataByType[JobType], JobResultByType[JobType]>;

/**
 * What a client sees of a job. BullMQ has no cancelled state: a waiting job that was asked to stop counts as cancelled
 * at once, though a worker will only drop it when it gets there, and one that a worker dropped has failed with CANCELLED.
 * @param begun whether a worker had taken the job, unless it is over; asked for by default, but who reads many knows
 */
export async function viewJob(
  type: JobType,
  job: QueuedJob,
  begun: () => boolean | Promise<boolean> = async () => hasBegun(await job.getState()),
): Promise<JobView> {
  const failure =
    job.finishedOn && job.failedReason && !hasResult(job) ? parseFailedReason(job.failedReason) : undefined;
  const status = await statusOf(job, failure?.code === 'CANCELLED', begun);
  const id = job.id ?? '';
  const result = status === 'completed' ? job.returnvalue : undefined;
  return {
    success: true,
    job_id: id,
    type,
    status,
    progress: progressOf(job, status),
    model_name: job.data.model_name,
    ...('format' in job.data ? { format: job.data.format } : {}),
    ...(type === 'load' && 'kind' in job.data && job.data.kind ? { kind: job.data.kind } : {}),
    attempts: job.attemptsStarted,
    created_at: new Date(job.timestamp).toISOString(),
    ...(job.processedOn ? { started_at: new Date(job.processedOn).toISOString() } : {}),
    ...(job.finishedOn ? { finished_at: new Date(job.finishedOn).toISOString() } : {}),
    cancel_requested: job.data.cancel_requested_at !== undefined,
    ...(result ? { result } : {}),
    ...(status === 'failed' ? { retryable: !isUpload(job) } : {}),
    ...(status === 'failed' && failure ? { error: toProblem(failure, job.data.request_id) } : {}),
    links: {
      ...jobLinks(id),
      ...(result && 'download_url' in result ? { download: result.download_url } : {}),
    },
  };
}

/** Whether a job checks an upload, whose file is gone when the job is over. */
export function isUpload({ data }: QueuedJob): boolean {
  return 'upload' in data && data.upload !== undefined;
}

/** Where a job is found and followed. */
export function jobLinks(jobId: string): { self: string; events: string } {
  return { self: `/api/jobs/${jobId}`, events: `/api/jobs/${jobId}/events` };
}

/** Whether a job of this status will not change any more, unless it is retried. */
export function isFinal(status: JobStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** The reason of an earlier failed attempt stays with a job that succeeds later, so the result tells. */
function hasResult(job: QueuedJob): boolean {
  return job.finishedOn !== undefined && job.returnvalue !== null && job.returnvalue !== undefined;
}

async function statusOf(
  job: QueuedJob,
  cancelled: boolean,
  begun: () => boolean | Promise<boolean>,
): Promise<JobStatus> {
  if (hasResult(job)) return 'completed';
  if (job.finishedOn) return cancelled ? 'cancelled' : 'failed';
  if (await begun()) return 'active';
  return job.data.cancel_requested_at === undefined ? 'queued' : 'cancelled';
}

/**
 * Whether a worker had taken a job that was not over when it was read, by BullMQ's word for its state then or later.
 * A job that ended after it was read has no result yet, and is shown as it was read.
 */
export function hasBegun(state: string): boolean {
  return state === 'active' || state === 'completed' || state === 'failed';
}

function progressOf(job: QueuedJob, status: JobStatus): JobProgress {
  if (status === 'completed') return { percent: 100, stage: 'done' };
  if (status === 'queued') return { percent: 0, stage: 'queued' };
  const parsed = jobProgressSchema.safeParse(job.progress);
  return parsed.success ? parsed.data : { percent: 0, stage: 'queued' };
}

const JOB_ID = new RegExp(`^(${JOB_TYPES.join('|')})-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`);

/** A new job id. The id alone tells the kind of work, so which queue holds the job, and when it was made. */
export function newJobId(type: JobType): string {
  return `${type}-${timeOrderedUuid()}`;
}

/**
 * When a job was made, in milliseconds since 1970; undefined of ids that do not tell.
 * Source: RFC 9562 section 5.7.
 */
export function createdAtOf(jobId: string): number | undefined {
  const [, high, low, version] = /-([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f])/.exec(jobId) ?? [];
  return version === '7' ? Number.parseInt(`${high}${low}`, 16) : undefined;
}

/** The kind of work that a job id stands for. @throws AppError JOB_NOT_FOUND if it is not one of our ids */
export function jobTypeOf(jobId: string): JobType {
  const type = JOB_TYPES.find((candidate) => candidate === JOB_ID.exec(jobId)?.[1]);
  if (type === undefined) throw jobNotFound();
  return type;
}

/** The error for a job that never was, or has been over for long. */
export function jobNotFound(): AppError {
  return new AppError(
    'JOB_NOT_FOUND',
    'There is no job of this id. Either there never was, or it ended more than seven days ago, or an operator removed it.',
  );
}
