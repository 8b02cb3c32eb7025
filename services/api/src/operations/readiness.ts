import type { Readiness } from '@caissa/shared/contracts';
import type { RequestHandler } from 'express';
import type { ApiContext } from '../context.js';

/** `/livez`: the process responds, whatever state its dependencies are in. */
export const showLiveness: RequestHandler = (_request, response) => {
  response.set('Cache-Control', 'no-store').type('text').send('ok\n');
};

/**
 * `/readyz`: 503 until Redis was looked at once, and when the process stops. Whatever is wrong in between, something can be
 * served: positions, the page and downloads without Redis, all but files without the store.
 */
export function createReadiness({
  conditions,
  redisWatch,
  stopping,
}: Pick<ApiContext, 'conditions' | 'redisWatch' | 'stopping'>): RequestHandler {
  return (_request, response) => {
    const ready = redisWatch.isUp !== undefined && !stopping.aborted;
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready, conditions: [...conditions.all] } satisfies Readiness);
  };
}
