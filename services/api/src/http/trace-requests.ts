import type { Tracing } from '@caissa/queue';
import type { Request, RequestHandler, Response } from 'express';
import { noteTrace } from './request-log.js';
import { methodOf, routeOf } from './route-pattern.js';

/** Requests that come every few seconds and are not worth a trace. */
const PROBES = new Set(['/livez', '/readyz', '/metrics']);

/** Makes a span of every request, around all that is done for it. Mount it before everything else. */
export function traceRequests(tracing: Tracing): RequestHandler {
  return (request, response, next) => {
    if (PROBES.has(request.path)) return next();
    tracing.serve(methodOf(request), request.headers, (span) => {
      noteTrace(response, span.traceId);
      response.once('close', () => {
        span.rename(`${methodOf(request)} ${routeOf(request)}`);
        span.set(describe(request, response));
        if (response.statusCode >= 500) span.fail(String(response.statusCode));
        span.end();
      });
      next();
    });
  };
}

/** Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ */
function describe(request: Request, response: Response) {
  // A query may hold private data; the path does not.
  const [path] = request.originalUrl.split('?');
  return {
    'http.request.method': methodOf(request),
    'http.route': routeOf(request),
    'http.response.status_code': response.statusCode,
    'url.path': path,
    'url.scheme': request.protocol,
    'caissa.request_id': String(request.id),
  };
}
