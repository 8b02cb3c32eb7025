import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { toAppError } from '@caissa/shared/errors';
import { isRequestId, PROBLEM_FORMAT, PROTOCOL_FORMAT } from '@caissa/shared/http';
import type { Logger } from '@caissa/shared/process';
import { type Answer, jsonAnswer } from './answer.js';
import { methodsOf, type Route } from './routes.js';

/** Seconds after which a client may try again when the error does not say. */
const RETRY_AFTER_SECONDS = 1;

/** The answer to a request that failed: `{"error": …}`, or a problem document where the route has those. */
export function failureAnswer(
  thrown: unknown,
  route: Route | undefined,
  request: IncomingMessage,
  logger: Logger,
): Answer {
  const error = toAppError(thrown);
  const id = request.headers['x-request-id'];
  const requestId = isRequestId(id) ? id : undefined;
  if (error.code === 'INTERNAL') logger.error({ err: error.cause ?? error, request_id: requestId }, error.message);
  else if (error.status === 500) logger.warn({ err: error, request_id: requestId }, error.message);
  const headers: OutgoingHttpHeaders = {};
  const retryAfter = error.retryAfterSeconds ?? (error.status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter);
  if (error.status === 405 && route) headers['Allow'] = methodsOf(route);
  // Nobody knows whether a client who waits for leave to send will send nevertheless.
  if (request.headers.expect !== undefined) headers['Connection'] = 'close';
  const { contentType, describe } = route?.problems ? PROBLEM_FORMAT : PROTOCOL_FORMAT;
  return jsonAnswer(error.status, describe(error, requestId), { ...headers, 'Content-Type': contentType });
}
