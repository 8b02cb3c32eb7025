import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@caissa/shared';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { chooseRequestId } from './request-id.js';

/** Probes come every few seconds and say nothing when all is well. */
const QUIET = /^\/(livez|readyz|metrics)(\?|$)/;

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
    customSuccessObject: (request, response, values: { responseTime: number }) => ({
      ...(response.statusCode < 500 ? {} : { err: response.err }),
      request_id: request.id,
      ms: values.responseTime,
    }),
    // The error handler logs errors; here they would come a second time.
    customErrorObject: (request, _response, _error, values: { responseTime: number }) => ({
      request_id: request.id,
      ms: values.responseTime,
    }),
  });
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
