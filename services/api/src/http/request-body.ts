import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@caissa/shared/errors';
import type { RequestHandler } from 'express';

/** A body that stops arriving is given up after this long. */
const IDLE_TIMEOUT_MS = 60_000;

/** After a response that was sent before the body had ended, the rest is read and dropped for this long. */
const LINGER_MS = 5_000;

/** Whether a request carries a body, RFC 9112 section 6.3. */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** Media type of a body without its parameters, in lower case; empty if none is named. */
export function contentTypeOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/**
 * Begins to take the body: sends `100 Continue` to a client that waits for it (RFC 9110 section 10.1.1), and ends the
 * connection when nothing comes for a minute. It is not sent earlier, so that a refusal costs no upload.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE for a compressed body
 */
export function openBody(request: IncomingMessage, response: ServerResponse): IncomingMessage {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'A compressed body is not taken; send it as it is.');
  }
  if (request.headers.expect?.toLowerCase() === '100-continue' && !response.headersSent) response.writeContinue();
  endWhenIdle(request);
  return request;
}

/** Ends the connection when nothing of a body comes for a minute. */
export function endWhenIdle(request: IncomingMessage): void {
  if (!hasBody(request)) return;
  // Node itself ends a connection whose timeout has no listener.
  request.socket.setTimeout(IDLE_TIMEOUT_MS);
  request.once('end', () => request.socket.setTimeout(0));
}

/**
 * Lets a client that is still sending read the response. Closing at once would make the system throw the response away
 * (RFC 9112 section 9.6).
 */
export const lingerAfterAnswer: RequestHandler = (request, response, next) => {
  if (!hasBody(request)) return next();
  response.once('finish', () => {
    if (request.complete) return;
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), LINGER_MS);
    timer.unref();
    for (const over of ['end', 'close']) request.once(over, () => clearTimeout(timer));
  });
  next();
};
