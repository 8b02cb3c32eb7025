import { callRedis } from '@caissa/redis';
import type { HeldLock } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import type { Job } from 'bullmq';

/**
 * Settles if a lock still holds its job, which it then does for `lockMs` from now on. Waits while Redis is away.
 * @throws AppError JOB_LOST, REDIS_UNAVAILABLE
 */
export async function confirmLock(job: Job, { token }: HeldLock, lockMs: number): Promise<void> {
  if (!(await callRedis(() => job.extendLock(token, lockMs)))) throw jobLost();
}

/** The error of an attempt whose worker was silent for too long. */
export function jobLost(): AppError {
  return new AppError(
    'JOB_LOST',
    'This worker lost the job, because it did not renew its lock in time; what it had begun is discarded.',
  );
}
