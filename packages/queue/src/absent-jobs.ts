import { callRedis } from '@caissa/redis';
import type { JobType } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { createdAtOf, jobNotFound, jobTypeOf } from './job-view.js';
import { type Queues, RETENTION_SECONDS } from './queues.js';

/** Where to look for what became of a job that is not kept any more. */
const TRACES: Readonly<Record<JobType, string>> = {
  export: 'GET /api/model/exports lists what was exported.',
  load: 'GET /api/model/activations lists what was activated.',
  inspect: 'GET /api/model/list lists what was found out.',
};

/** Outcomes whose jobs BullMQ keeps apart. */
const OUTCOMES = ['completed', 'failed'] as const;

/**
 * Says why a job is not there: it never was, its seven days are over, or it was removed, by an operator or as one of the
 * oldest of more jobs than are kept. The id tells when it was made. @throws AppError REDIS_UNAVAILABLE
 */
export function absentJob(queues: Queues, jobId: string): Promise<AppError> {
  return callRedis(async () => {
    const type = jobTypeOf(jobId);
    const createdAtMs = createdAtOf(jobId);
    const { queue } = queues[type];
    const oldest = await Promise.all(OUTCOMES.map((outcome) => queue.getJobs([outcome], 0, 0, true)));
    const keptSinceMs = oldest.flat().map((job) => job.finishedOn ?? 0);
    const isRecent = createdAtMs !== undefined && Date.now() - createdAtMs < RETENTION_SECONDS * 1_000;
    const sinceMs = keptSinceMs.find((finishedMs) => isRecent && createdAtMs < finishedMs);
    return sinceMs === undefined ? jobNotFound() : forgottenJob(type, sinceMs);
  });
}

/** The error of a request that is sent again when the job it became has gone: to do its work again would double it. */
export function forgottenWork(type: JobType, jobId: string): AppError {
  return new AppError(
    'JOB_FORGOTTEN',
    `This Idempotency-Key began the job ${jobId}, which is over and not kept any more; nothing was begun again. ` +
      `${TRACES[type]} Send a new key to have the work done once more.`,
  );
}

function forgottenJob(type: JobType, sinceMs: number): AppError {
  const since = new Date(sinceMs).toISOString();
  return new AppError(
    'JOB_FORGOTTEN',
    `This job is over and not kept any more: it was among the oldest of so many ${type} jobs that only those are kept that ` +
      `ended since ${since}, or an operator removed it. ${TRACES[type]}`,
  );
}
