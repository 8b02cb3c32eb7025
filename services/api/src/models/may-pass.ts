import type { Problem } from '@caissa/shared/errors';
import { toError } from '../jobs/start-job.js';

/** Whether what kept a checkpoint from being read may be over by now, such as permissions that were wrong. */
export function mayPass(problem: Problem | undefined): boolean {
  return problem !== undefined && toError(problem).retryable;
}
