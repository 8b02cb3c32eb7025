import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AppError, isRequestId } from '@caissa/shared';
import type { RequestHandler } from 'express';

/** The id of a request: what the client sent in `X-Request-Id` if it is harmless, else a new one. */
export function chooseRequestId(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return isRequestId(sent) ? sent : randomUUID();
}

/** Returns the id to the client, and refuses a `Host` that no address can have. */
export const identifyRequest: RequestHandler = (request, response, next) => {
  response.setHeader('X-Request-Id', String(request.id));
  const { host } = request.headers;
  if (host !== undefined && !URL.canParse(`http://${host}/`)) {
    throw new AppError('INVALID_PARAMETER', 'The Host header is not a host name.');
  }
  next();
};
