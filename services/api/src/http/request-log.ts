import type { ServerResponse } from 'node:http';
import type { Logger } from '@caissa/shared/process';
import type { Request, RequestHandler, Response } from 'express';

/** Probes come every few seconds, inference a thousand times a second; both say nothing when all is well. */
const QUIET = /^\/(livez|readyz|metrics|v2\/.*|api\/model\/evaluate)(\?|$)/;

/** What the line of a request tells beside the request. */
interface Notes {
  readonly job_id?: string;
  readonly trace_id?: string;
}

const notes = new WeakMap<ServerResponse, Notes>();

/** Has the line of a request say which job it is about. */
export function noteJob(response: ServerResponse, jobId: string): void {
  notes.set(response, { ...notes.get(response), job_id: jobId });
}

/** Has the line of a request say which trace shows it. */
export function noteTrace(response: ServerResponse, traceId: string): void {
  notes.set(response, { ...notes.get(response), trace_id: traceId });
}

/** Writes one line for each request when it is over. */
export function logRequests(logger: Logger): RequestHandler {
  return (request, response, next) => {
    // A connection that has been closed does not know it any more.
    const address = request.socket.remoteAddress;
    const begun = performance.now();
    response.once('close', () => {
      const ms = Math.round(performance.now() - begun);
      const level = levelOf(request, response);
      if (!logger.isLevelEnabled(level)) return;
      const facts = { request_id: request.id, address, ...notes.get(response), ms };
      logger[level](facts, describe(request, response));
    });
    next();
  };
}

function levelOf(request: Request, response: Response): 'debug' | 'info' | 'warn' | 'error' {
  if (response.statusCode >= 500) return response.statusCode === 500 ? 'error' : 'warn';
  return QUIET.test(request.originalUrl) ? 'debug' : 'info';
}

function describe(request: Request, response: Response): string {
  const outcome = response.writableFinished ? response.statusCode : `${response.statusCode}, cut short`;
  return `${request.method} ${request.originalUrl} ${outcome}`;
}
