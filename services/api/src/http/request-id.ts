import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AppError } from '@caissa/shared/errors';
import { checkHead, isRequestId } from '@caissa/shared/http';
import type { RequestHandler } from 'express';

declare module 'node:http' {
  interface IncomingMessage {
    /** What the client sent in `X-Request-Id` if it is harmless, else a new one. */
    id: string;
  }
}

function chooseRequestId(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return isRequestId(sent) ? sent : randomUUID();
}

/** Gives each request its id, returns it to the client, and refuses a head that no route could serve. */
export const identifyRequest: RequestHandler = (request, response, next) => {
  request.id = chooseRequestId(request);
  response.setHeader('X-Request-Id', request.id);
  checkHead(request);
  const { host } = request.headers;
  if (host !== undefined && !URL.canParse(`http://${host}/`)) {
    throw new AppError('INVALID_PARAMETER', 'The Host header is not a host name.');
  }
  next();
};
