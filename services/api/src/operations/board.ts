import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { JobsContext } from '@caissa/queue';
import { JOB_TYPES } from '@caissa/shared/contracts';
import type { RequestHandler } from 'express';
import { BoardAdapter } from './board-adapter.js';

/** A dashboard over all queues, to be mounted at `path`. */
export function createBoard({ queues }: JobsContext, path: string, readOnly: boolean): RequestHandler {
  const adapter = new BoardAdapter(path);
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
