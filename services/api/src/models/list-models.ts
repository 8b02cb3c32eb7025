import { UNKNOWN } from '@caissa/formats';
import { modelListSchema, versionSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import { writePage } from '../http/list-pages.js';
import { limitSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';
import { byVersion, type Place } from './model-list.js';

const LIMIT = 1_000;

/** `GET /api/model/list` */
export const listModelsRoute = defineRoute({
  method: 'get',
  path: '/api/model/list',
  tag: 'Models',
  summary: 'List the models, newest version first',
  description:
    'A model that cannot be read is listed with its problem; one that was not inspected yet is `inspecting`.',
  role: 'viewer',
  query: z.object({
    limit: limitSchema(LIMIT, LIMIT),
    cursor: z.string().max(400).optional().describe('`next_cursor` of the page before.'),
  }),
  responses: {
    200: { description: 'A page of models.', schema: modelListSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
  },
  handler: async ({ modelList }, { query: { limit, cursor } }) => {
    const list = await modelList.current();
    // A cursor is a place in the order, so it stays valid if its model is removed.
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const found = after === undefined ? 0 : list.places.findIndex((place) => byVersion(place, after) > 0);
    const start = found < 0 ? list.places.length : found;
    const cursorAt = (last: number) => encodeCursor(list.places[last]);
    return { status: 200, json: writePage(list, { start, limit, cursorAt }) };
  },
});

const placeSchema = z.tuple([versionSchema, z.string()]);

function encodeCursor(place: Place | undefined): string {
  // A version that is a text, which may be long, has no say in the order.
  const version = typeof place?.version === 'number' ? place.version : UNKNOWN;
  return Buffer.from(JSON.stringify([version, place?.name])).toString('base64url');
}

/** @throws AppError INVALID_PARAMETER */
function decodeCursor(cursor: string): Place {
  try {
    const [version, name] = placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { version, name };
  } catch {
    throw new AppError('INVALID_PARAMETER', 'The cursor is not one that was given out.', {
      errors: [{ pointer: '?cursor', detail: 'unknown cursor' }],
    });
  }
}
