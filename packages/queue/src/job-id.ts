import { randomUUID } from 'node:crypto';
import { JOB_TYPES, type JobType } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';

const JOB_ID = new RegExp(`^(${JOB_TYPES.join('|')})-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`);

/** A new job id. It begins with the kind of work, so that the id alone tells which queue holds the job. */
export function newJobId(type: JobType): string {
  return `${type}-${randomUUID()}`;
}

/** The kind of work that a job id stands for. @throws AppError JOB_NOT_FOUND if it is not one of our ids */
export function jobTypeOf(jobId: string): JobType {
  const type = JOB_TYPES.find((candidate) => candidate === JOB_ID.exec(jobId)?.[1]);
  if (type === undefined) throw jobNotFound();
  return type;
}

/** The error for a job that is not there, or no more. */
export function jobNotFound(): AppError {
  return new AppError('JOB_NOT_FOUND', 'There is no job of this id. Finished jobs are kept for seven days.');
}
