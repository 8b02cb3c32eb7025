import type { ServerResponse } from 'node:http';
import type { Logger } from '@caissa/shared/process';
import type { Request, RequestHandler, Response } from 'express';
import { clientAddress } from './trusted-proxies.js';

/**
 * Probes come every few seconds, inference requests a thousand times a second; they are not logged when all is well.
 */
const QUIET = /^\/(livez|readyz|metrics|v2\/.*|api\/model\/evaluate)(\?|$)/;

/** What the log line of a request says besides the request. */
interface Notes {
  readonly job_id?: string;
  readonly trace_id?: string;
}

const notes = new WeakMap<ServerResponse, Notes>();

/** Adds the job that a request is about to its log line. */
export function noteJob(response: ServerResponse, jobId: string): void {
  notes.set(response, { ...notes.get(response), job_id: jobId });
}

/** Adds the trace that shows a request to its log line. */
export function noteTrace(response: ServerResponse, traceId: string): void {
  notes.set(response, { ...notes.get(response), trace_id: traceId });
}

/** Writes one line for each request when it is over. */
export function logRequests(logger: Logger): RequestHandler {
  return (request, response, next) => {
    // A closed connection no longer knows its address.
    const address = clientAddress(request);
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
