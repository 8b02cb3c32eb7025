import { redisUnavailable } from '@caissa/redis';
import { AppError, toProblem } from '@caissa/shared/errors';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type Access, callerOf } from '../access/create-access.js';
import { changesState } from '../access/foreign-pages.js';
import { contentSecurityPolicy } from '../access/security-headers.js';
import { withBasePath } from '../http/base-path.js';
import { BOARD_CHANGES, isOffered } from './board-changes.js';
import type { BoardContext } from './board-queue.js';

const PATH = '/admin/queues';

/**
 * The board sets its base address, and its editor for job data writes styles into the page; scripts still come only
 * from this server.
 */
const POLICY = { baseUri: ["'self'"], styleSrc: ["'unsafe-inline'"] };

/** Loaded on first use: starting up need not wait for what draws them. */
async function openBoards(context: BoardContext): Promise<Record<'viewer' | 'operator', RequestHandler>> {
  const { createBoard } = await import('./board.js');
  return { viewer: createBoard(context, PATH, true), operator: createBoard(context, PATH, false) };
}

/** Says what is offered instead, in a problem document that the dashboard shows the sentence of. */
function refuseChange(request: Request, response: Response): void {
  const problem = toProblem({ code: 'METHOD_NOT_ALLOWED', message: BOARD_CHANGES, errors: undefined }, request.id);
  const body = withBasePath(request, JSON.stringify({ ...problem, error: problem.detail }));
  response.status(problem.status).set('Allow', 'GET, HEAD').type('application/problem+json').end(body);
}

/** The queue dashboard at `/admin/queues`: viewers look, operators also make the changes of {@link BOARD_CHANGES}. */
export function createDashboard(context: BoardContext, access: Access): Router {
  let boards: Promise<Record<'viewer' | 'operator', RequestHandler>> | undefined;
  const show: RequestHandler = async (request, response, next) => {
    const { role } = callerOf(response);
    if (changesState(request) && role === 'viewer') {
      next(new AppError('FORBIDDEN', 'Only an operator may change the queues.'));
    } else if (changesState(request) && !isOffered(request)) {
      refuseChange(request, response);
    } else if (context.jobs.redis.status !== 'ready' && request.path.startsWith('/api/')) {
      next(redisUnavailable());
    } else {
      boards ??= openBoards(context);
      (await boards)[role](request, response, next);
    }
  };
  const router = Router({ caseSensitive: true });
  router.use(PATH, ...access.allowPage('viewer'), contentSecurityPolicy(POLICY), show);
  return router;
}
