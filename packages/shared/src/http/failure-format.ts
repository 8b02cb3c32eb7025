import type { AppError } from '../errors/app-error.js';
import { toProblem } from '../errors/problem.js';

/** What the body of a failure looks like. */
export interface FailureFormat {
  readonly contentType: string;
  readonly describe: (error: AppError, requestId?: string) => object;
}

/** A problem document, RFC 9457. */
export const PROBLEM_FORMAT: FailureFormat = {
  contentType: 'application/problem+json; charset=utf-8',
  describe: toProblem,
};

/** An error of the Open Inference Protocol. */
export const PROTOCOL_FORMAT: FailureFormat = {
  contentType: 'application/json',
  describe: ({ message }) => ({ error: message }),
};
