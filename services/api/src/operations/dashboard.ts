import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { AppError, JOB_TYPES, type JobsContext, redisUnavailable } from '@caissa/shared';
import { type RequestHandler, Router } from 'express';
import { type Access, callerOf } from '../access/create-access.js';
import { changesState } from '../access/foreign-pages.js';
import { contentSecurityPolicy } from '../access/security-headers.js';
import { BoardAdapter } from './board-adapter.js';

const PATH = '/admin/queues';

/** A dashboard over all queues. */
function createBoard({ queues }: JobsContext, readOnly: boolean): RequestHandler {
  const adapter = new BoardAdapter(PATH);
  createBullBoard({
    queues: JOB_TYPES.map((type) => new BullMQAdapter(queues[type].queue, { readOnlyMode: readOnly })),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Caissa queues',
        boardLogo: { path: '/pages/icon.svg', width: 28, height: 28 },
        favIcon: { default: '/pages/icon.svg', alternative: '/pages/icon.svg' },
        hideDocsLink: true,
        hideRedisDetails: readOnly,
        miscLinks: [{ text: 'API', url: '/api/docs' }],
      },
    },
  });
  return adapter.getRouter() as RequestHandler;
}

/** The board sets its base address, and its editor of job data writes its styles into the page; scripts stay ours alone. */
const POLICY = { baseUri: ["'self'"], styleSrc: ["'unsafe-inline'"] };

/** The queue dashboard at `/admin/queues`: viewers look, operators also act. */
export function createDashboard(jobs: JobsContext, access: Access): Router {
  const boards = { viewer: createBoard(jobs, true), operator: createBoard(jobs, false) };
  const show: RequestHandler = (request, response, next) => {
    const { role } = callerOf(response);
    if (role === 'viewer' && changesState(request)) {
      next(new AppError('FORBIDDEN', 'Only an operator may change the queues.'));
    } else if (jobs.redis.status !== 'ready' && request.path.startsWith('/api/')) {
      next(redisUnavailable());
    } else boards[role](request, response, next);
  };
  const router = Router({ caseSensitive: true });
  router.use(PATH, ...access.allowPage('viewer'), contentSecurityPolicy(POLICY), show);
  return router;
}
