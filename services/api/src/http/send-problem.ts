import { AppError, toAppError } from '@caissa/shared/errors';
import type { FailureFormat } from '@caissa/shared/http';
import type { Logger } from '@caissa/shared/process';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { withBasePath } from './base-path.js';

/** Seconds after which a client may try again when the error does not say. */
const RETRY_AFTER_SECONDS = 2;

/** Replies to every failure in a form. Mount it last. */
export function sendFailures(logger: Logger, { contentType, describe }: FailureFormat): ErrorRequestHandler {
  return (thrown, request, response, _next) => {
    if (response.destroyed || isClientGone(thrown)) {
      response.destroy();
      return;
    }
    const requestId = request.id;
    const error = toProblemError(thrown);
    if (error.code === 'INTERNAL') logger.error({ err: error.cause ?? error, request_id: requestId }, error.message);
    else if (error.status >= 500) {
      logger.warn({ err: error.cause, request_id: requestId, code: error.code }, error.message);
    }
    if (response.headersSent) {
      // Too late for a document: the client notices the missing end of the body.
      response.destroy();
      return;
    }
    const retryAfter = error.retryAfterSeconds ?? (error.status === 503 ? RETRY_AFTER_SECONDS : undefined);
    if (retryAfter !== undefined) response.set('Retry-After', String(retryAfter));
    response.set({ 'Content-Type': contentType, 'Cache-Control': 'no-store' });
    response.status(error.status).end(withBasePath(request, JSON.stringify(describe(error, requestId))));
  };
}

/** Refuses requests that no route took. */
export const refuseUnknownRoute: RequestHandler = () => {
  throw new AppError('ROUTE_NOT_FOUND', 'There is no such route. GET /api/docs shows those there are.');
};

/** Express itself throws only when a path parameter cannot be decoded. */
function toProblemError(thrown: unknown): AppError {
  if (thrown instanceof URIError) {
    return new AppError(
      'INVALID_PARAMETER',
      'The address holds a % that does not begin an escaped character of UTF-8.',
    );
  }
  return toAppError(thrown);
}

function isClientGone(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    (thrown.code === 'ECONNRESET' || thrown.code === 'ERR_STREAM_PREMATURE_CLOSE')
  );
}
