import type { Completeness, ListedExport } from '@caissa/registry';
import { exportListSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import { type ListState, writePage } from '../http/list-pages.js';
import { limitSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

const LIMIT = 1_000;

/** `GET /api/model/exports` */
export const listExportsRoute = defineRoute({
  method: 'get',
  path: '/api/model/exports',
  tag: 'Exports',
  summary: 'List the exports, newest first',
  description:
    'After Redis has lost its data the list is made again from the store. Until that is done `complete` is false, and ' +
    '`indexed` of `total` says how far it has come.',
  role: 'viewer',
  query: z.object({
    limit: limitSchema(LIMIT, LIMIT),
    cursor: z.string().max(200).optional().describe('`next_cursor` of the page before.'),
  }),
  responses: {
    200: { description: 'A page of exports.', schema: exportListSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
  },
  handler: async ({ exports, exportReconciler }, { query: { limit, cursor } }) => {
    const [listed, completeness] = await Promise.all([exports.newestFirst(), exportReconciler.completeness()]);
    const start = cursor === undefined ? 0 : listed.findIndex(({ filename }) => filename === cursor) + 1;
    if (cursor !== undefined && start === 0) {
      throw new AppError('INVALID_PARAMETER', 'The cursor points to an export that is gone. Start over.');
    }
    const cursorAt = (last: number) => listed[last]?.filename ?? '';
    return { status: 200, json: writePage(listOf(listed, completeness), { start, limit, cursorAt }) };
  },
});

const lists = new WeakMap<readonly ListedExport[], { readonly list: ListState; readonly of: Completeness }>();

/** The list as it is written; the same object as before if nothing has changed. */
function listOf(listed: readonly ListedExport[], of: Completeness): ListState {
  const known = lists.get(listed);
  if (known !== undefined && known.of.complete === of.complete && known.of.total === of.total) return known.list;
  const beside = of.complete ? of : { ...of, indexed: listed.length };
  const list = { name: 'exports', rows: listed.map(({ row }) => row), beside: { ...beside } };
  lists.set(listed, { list, of });
  return list;
}
