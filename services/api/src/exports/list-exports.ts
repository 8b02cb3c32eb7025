import { exportListSchema, problemSchema, toExportSummary } from '@caissa/shared';
import { z } from 'zod';
import { limitSchema } from '../http/paging.js';
import { defineRoute } from '../http/route.js';

const LIMIT = 1_000;

/** `GET /api/model/exports` */
export const listExportsRoute = defineRoute({
  method: 'get',
  path: '/api/model/exports',
  tag: 'Exports',
  summary: 'List the exports, newest first',
  role: 'viewer',
  query: z.object({
    limit: limitSchema(LIMIT, LIMIT),
    cursor: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
  }),
  responses: {
    200: { description: 'A page of exports.', schema: exportListSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
  },
  handler: async ({ exports }, { query: { limit, cursor } }) => {
    const { manifests, total, next } = await exports.page(limit, cursor);
    const more = next === undefined ? {} : { next_cursor: next };
    return { status: 200, body: { success: true, exports: manifests.map(toExportSummary), count: total, ...more } };
  },
});
