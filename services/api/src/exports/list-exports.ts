import { exportListSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { type Manifest, toExportSummary } from '@caissa/storage';
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
    const manifests = await exports.newestFirst();
    const start = cursor === undefined ? 0 : manifests.findIndex(({ filename }) => filename === cursor) + 1;
    if (cursor !== undefined && start === 0) {
      throw new AppError('INVALID_PARAMETER', 'The cursor points to an export that is gone. Start over.');
    }
    const cursorAt = (last: number) => manifests[last]?.filename ?? '';
    return { status: 200, json: writePage(listOf(manifests), { start, limit, cursorAt }) };
  },
});

const rows = new WeakMap<Manifest, string>();
const lists = new WeakMap<readonly Manifest[], ListState>();

/** The list as JSON. A manifest never changes, so its row is written once. */
function listOf(manifests: readonly Manifest[]): ListState {
  const known = lists.get(manifests);
  if (known !== undefined) return known;
  const list = { name: 'exports', rows: manifests.map(rowOf) };
  lists.set(manifests, list);
  return list;
}

function rowOf(manifest: Manifest): string {
  const known = rows.get(manifest);
  if (known !== undefined) return known;
  const row = JSON.stringify(toExportSummary(manifest));
  rows.set(manifest, row);
  return row;
}
