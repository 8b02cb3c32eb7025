import { AppError, isErrorCode } from '@caissa/shared/errors';

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
