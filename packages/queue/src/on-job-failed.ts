import { JOB_DATA_SCHEMAS, type JobDataByType, type JobType } from '@caissa/shared/contracts';
import type { AppError } from '@caissa/shared/errors';
import type { Worker } from 'bullmq';
import { parseFailedReason } from './failed-reason.js';

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
