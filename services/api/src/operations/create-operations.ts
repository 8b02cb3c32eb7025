import { measureProcess } from '@caissa/shared/process';
import { type RequestHandler, Router } from 'express';
import { Registry } from 'prom-client';
import type { Access } from '../access/create-access.js';
import type { ApiContext } from '../context.js';
import { onlyReading } from '../http/only-methods.js';
import { createDashboard } from './dashboard.js';
import { measureRequests, measureSystem } from './metrics.js';
import { createReadiness, showLiveness } from './readiness.js';

/** What operators use. */
export interface Operations {
  /** Measures every request; mount it before everything else. */
  readonly measure: RequestHandler;
  /** `/livez`, `/readyz`, `/metrics` and `/admin/queues`. Mount it at the root, after the guards. */
  readonly router: Router;
}

/** Puts together probes, metrics and the queue dashboard. Probes need no key; metrics and dashboard do. */
export function createOperations(context: ApiContext, access: Access): Operations {
  const registry = new Registry();
  measureProcess(registry, 'api');
  context.conditions.measure(registry);
  measureSystem(registry, context);
  for (const metric of context.forwarder.metrics) registry.registerMetric(metric);
  const showMetrics: RequestHandler = async (_request, response) => {
    const text = await registry.metrics();
    response.set({ 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text);
  };
  const router = Router({ caseSensitive: true });
  router.route('/livez').get(showLiveness).all(onlyReading);
  router.route('/readyz').get(createReadiness(context)).all(onlyReading);
  router
    .route('/metrics')
    .get(...access.allow('viewer'), showMetrics)
    .all(onlyReading);
  router.use(createDashboard(context, access));
  return { measure: measureRequests(registry), router };
}
