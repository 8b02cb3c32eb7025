import type { RequestHandler } from 'express';
import { Histogram, type Registry } from 'prom-client';
import { methodOf, routeOf } from '../http/route-pattern.js';

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
      stop({ route: routeOf(request), method: methodOf(request), status });
    });
    next();
  };
}
