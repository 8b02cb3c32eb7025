import type { JobsContext } from '@caissa/queue';
import { redisUnavailable } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import { type RequestHandler, Router } from 'express';
import { type Access, callerOf } from '../access/create-access.js';
import { changesState } from '../access/foreign-pages.js';
import { contentSecurityPolicy } from '../access/security-headers.js';

const PATH = '/admin/queues';

/**
 * The board sets its base address, and its editor for job data writes styles into the page; scripts still come only
 * from this server.
 */
const POLICY = { baseUri: ["'self'"], styleSrc: ["'unsafe-inline'"] };

/** Loaded on first use: starting up need not wait for what draws them. */
async function openBoards(jobs: JobsContext): Promise<Record<'viewer' | 'operator', RequestHandler>> {
  const { createBoard } = await import('./board.js');
  return { viewer: createBoard(jobs, PATH, true), operator: createBoard(jobs, PATH, false) };
}

/** The queue dashboard at `/admin/queues`: viewers look, operators also act. */
export function createDashboard(jobs: JobsContext, access: Access): Router {
  let boards: Promise<Record<'viewer' | 'operator', RequestHandler>> | undefined;
  const show: RequestHandler = async (request, response, next) => {
    const { role } = callerOf(response);
    if (role === 'viewer' && changesState(request)) {
      next(new AppError('FORBIDDEN', 'Only an operator may change the queues.'));
    } else if (jobs.redis.status !== 'ready' && request.path.startsWith('/api/')) {
      next(redisUnavailable());
    } else {
      boards ??= openBoards(jobs);
      (await boards)[role](request, response, next);
    }
  };
  const router = Router({ caseSensitive: true });
  router.use(PATH, ...access.allowPage('viewer'), contentSecurityPolicy(POLICY), show);
  return router;
}
