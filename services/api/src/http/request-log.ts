import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@caissa/shared';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { chooseRequestId } from './request-id.js';

/** Probes come every few seconds, inference a thousand times a second; both say nothing when all is well. */
const QUIET = /^\/(livez|readyz|metrics|v2\/.*|api\/model\/evaluate)(\?|$)/;

interface Times {
  readonly responseTime: number;
}

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

/** Writes one line for each request when it is over, and gives each request its id. */
export function logRequests(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    genReqId: chooseRequestId,
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'request_id' },
    customLogLevel: (request, response) => levelOf(request, response),
    customSuccessMessage: (request, response) => describe(request, response),
    customErrorMessage: (request, response) => describe(request, response),
    // What the error handler has logged comes not again, and headers are nobody's business.
    customErrorObject: (_request, response, _error, times: Times) => measured(response, times),
    customSuccessObject: (_request, response, times: Times) => measured(response, times),
    customProps: (request) => ({ address: request.socket.remoteAddress }),
    // The request itself is not logged, so nothing needs to be picked out of it.
    wrapSerializers: false,
    serializers: { req: () => undefined },
  });
}

function measured(response: ServerResponse, { responseTime }: Times) {
  return { ...notes.get(response), ms: responseTime };
}

function levelOf(request: IncomingMessage, response: ServerResponse): 'debug' | 'info' | 'warn' | 'error' {
  if (response.statusCode >= 500) return response.statusCode === 500 ? 'error' : 'warn';
  return QUIET.test(originalUrl(request)) ? 'debug' : 'info';
}

function describe(request: IncomingMessage, response: ServerResponse): string {
  const outcome = response.writableFinished ? response.statusCode : `${response.statusCode}, cut short`;
  return `${request.method} ${originalUrl(request)} ${outcome}`;
}

function originalUrl(request: IncomingMessage): string {
  return 'originalUrl' in request ? String(request.originalUrl) : (request.url ?? '');
}
