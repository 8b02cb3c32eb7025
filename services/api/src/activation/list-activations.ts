import { listActivations } from '@caissa/registry';
import { activationListSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import { limitSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

/** `GET /api/model/activations` */
export const listActivationsRoute = defineRoute({
  method: 'get',
  path: '/api/model/activations',
  tag: 'Activation',
  summary: 'List what was made active, newest first',
  description:
    'The journal of activations: who asked, what was served before and since, how it was checked, and how it ended. It holds the last 10,000, and outlives Redis.',
  role: 'viewer',
  query: z.object({
    limit: limitSchema(100, 1_000),
    cursor: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
  }),
  responses: {
    200: { description: 'A page of the journal.', schema: activationListSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
  },
  handler: async ({ jobs: { redis, keys } }, { query: { limit, cursor } }) => {
    const { entries, total, next } = await listActivations(redis, keys, limit, cursor);
    const more = next === undefined ? {} : { next_cursor: next };
    return { status: 200, body: { success: true, activations: entries, count: total, ...more } };
  },
});
