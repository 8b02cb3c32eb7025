import { JOB_DATA_SCHEMAS, type JobDataByType, type JobType } from '@caissa/shared/contracts';
import { AppError, isErrorCode } from '@caissa/shared/errors';
import type { Worker } from 'bullmq';

/**
 * A failed job keeps one string, shown as it is in the queue dashboard. Ours is `CODE: sentence`, so that the code can
 * be read back.
 */
export function formatFailedReason(error: AppError): string {
  return `${error.code}: ${error.message}`;
}

/** Reads what {@link formatFailedReason} wrote. Anything else was written by BullMQ when it gave a job up. */
export function parseFailedReason(reason: string): AppError {
  const colon = reason.indexOf(': ');
  const code = reason.slice(0, Math.max(colon, 0));
  if (isErrorCode(code)) return new AppError(code, reason.slice(colon + 2));
  return new AppError(
    'WORKER_LOST',
    'The workers that took this job ended before it was done, several times. See their logs, then retry the job.',
  );
}

/** A job that has failed for good. */
export interface FailedJob<T extends JobType> {
  readonly id: string;
  readonly data: JobDataByType[T];
  readonly createdAt: Date;
}

/**
 * Tells of jobs that fail for good on this worker: also of those that its processor never sees because they were cancelled
 * while they waited, and of those that this worker finds given up by others that died.
 */
export function onJobFailed<T extends JobType>(
  worker: Worker,
  type: T,
  listener: (job: FailedJob<T>, error: AppError) => void,
): void {
  worker.on('failed', (job) => {
    const data = JOB_DATA_SCHEMAS[type].safeParse(job?.data);
    if (job?.id === undefined || job.finishedOn === undefined || !data.success) return;
    const failed = { id: job.id, data: data.data as JobDataByType[T], createdAt: new Date(job.timestamp) };
    listener(failed, parseFailedReason(job.failedReason ?? ''));
  });
}
