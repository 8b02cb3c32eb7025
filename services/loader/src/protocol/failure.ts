import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { toAppError, toProblem } from '@caissa/shared/errors';
import { isRequestId } from '@caissa/shared/http';
import type { Logger } from '@caissa/shared/process';
import { type Answer, jsonAnswer } from './answer.js';
import type { Route } from './routes.js';

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
  if (error.status === 405 && route) headers['Allow'] = route.method;
  // Nobody knows whether a client who waits for leave to send will send nevertheless.
  if (request.headers.expect !== undefined) headers['Connection'] = 'close';
  if (!route?.problems) return jsonAnswer(error.status, { error: error.message }, headers);
  headers['Content-Type'] = 'application/problem+json; charset=utf-8';
  return jsonAnswer(error.status, toProblem(error, requestId), headers);
}

const MALFORMED = new Map([
  [
    'HPE_HEADER_OVERFLOW',
    { status: '431 Request Header Fields Too Large', error: 'The head of the request is too large.' },
  ],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: '408 Request Timeout', error: 'The request did not arrive in time.' }],
]);

/** What to write to a connection whose request cannot be read. @param code of the error that Node gives */
export function malformedRequest(code: string | undefined): string {
  const { status, error } = MALFORMED.get(code ?? '') ?? {
    status: '400 Bad Request',
    error: 'The request is not valid HTTP, or is cut short.',
  };
  const body = JSON.stringify({ error });
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `Connection: close\r\n\r\n${body}`
  );
}
