import type { Request, RequestHandler } from 'express';
import { Histogram, type Registry } from 'prom-client';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** Paths behind which other programs' routes lie, or those of loaders; they count as one each. */
const WHOLE_AREAS = ['/admin/queues', '/pages', '/v2'];

/** Measures how long requests take, by the pattern of their route: names of models and jobs must not make new series. */
export function measureRequests(registry: Registry): RequestHandler {
  const seconds = new Histogram({
    name: 'caissa_http_request_duration_seconds',
    help: 'Time from a request to the end of its answer, by route pattern, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  });
  return (request, response, next) => {
    const stop = seconds.startTimer();
    response.once('close', () => {
      // A client that left before the answer was whole is not a success, whatever status it was to have.
      const status = response.writableFinished ? String(response.statusCode) : 'aborted';
      stop({ route: routeOf(request), method: METHODS.has(request.method) ? request.method : 'other', status });
    });
    next();
  };
}

function routeOf(request: Request): string {
  const area = WHOLE_AREAS.find((path) => request.originalUrl.startsWith(path));
  if (area !== undefined) return area;
  const route: unknown = request.route;
  const pattern = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  return typeof pattern === 'string' ? pattern : 'none';
}
