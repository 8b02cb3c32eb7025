import { withTimeout } from '@caissa/shared/process';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { ApiContext } from '../context.js';

/** Longest time that one check may take, so that a probe gets its response within a second. */
const CHECK_TIMEOUT_MS = 800;

const checkSchema = z.enum(['ok', 'unreachable']);

/** Response of `/readyz`. */
export const readinessSchema = z
  .object({ ready: z.boolean(), checks: z.object({ redis: checkSchema, store: checkSchema }) })
  .meta({ id: 'Readiness', example: { ready: true, checks: { redis: 'ok', store: 'ok' } } });

async function check(work: () => Promise<unknown>): Promise<z.infer<typeof checkSchema>> {
  try {
    await withTimeout(work(), CHECK_TIMEOUT_MS);
    return 'ok';
  } catch {
    return 'unreachable';
  }
}

/** `/livez`: the process responds, whatever state its dependencies are in. */
export const showLiveness: RequestHandler = (_request, response) => {
  response.set('Cache-Control', 'no-store').type('text').send('ok\n');
};

/** `/readyz`: 200 if requests can be served, 503 with the reason if not. */
export function createReadiness({ jobs, store }: Pick<ApiContext, 'jobs' | 'store'>): RequestHandler {
  return async (_request, response) => {
    const [redis, files] = await Promise.all([check(() => jobs.redis.ping()), check(() => store.check())]);
    const ready = redis === 'ok' && files === 'ok';
    response
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready, checks: { redis, store: files } } satisfies z.infer<typeof readinessSchema>);
  };
}
