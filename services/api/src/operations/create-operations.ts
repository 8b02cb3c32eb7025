import { type RequestHandler, Router } from 'express';
import type { Access } from '../access/create-access.js';
import type { ApiContext } from '../context.js';

/** What operators look at. */
export interface Operations {
  /** Measures every request; to stand before everything else. */
  readonly measure: RequestHandler;
  /** `/livez`, `/readyz`, `/metrics` and `/admin/queues`. To be mounted at the root, after the guards. */
  readonly router: Router;
}

/** Puts together probes, metrics and the queue dashboard. */
export function createOperations(_context: ApiContext, _access: Access): Operations {
  return { measure: (_request, _response, next) => next(), router: Router() };
}
