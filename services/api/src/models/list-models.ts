import { AppError, type ModelSummary, modelListSchema, problemSchema, readActivation } from '@caissa/shared';
import { z } from 'zod';
import { limitSchema } from '../http/paging.js';
import { defineRoute } from '../http/route.js';
import { summarizeModel } from './summarize-model.js';

const LIMIT = 1_000;

/** `GET /api/model/list` */
export const listModelsRoute = defineRoute({
  method: 'get',
  path: '/api/model/list',
  tag: 'Models',
  summary: 'List the models, newest version first',
  description:
    'A model that cannot be read is listed with its problem; one that was not looked into yet is `inspecting`.',
  role: 'viewer',
  query: z.object({
    limit: limitSchema(LIMIT, LIMIT),
    cursor: z.string().max(400).optional().describe('`next_cursor` of the page before.'),
  }),
  responses: {
    200: { description: 'A page of models.', schema: modelListSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
  },
  handler: async ({ models, catalogue, jobs }, { query: { limit, cursor } }) => {
    const [entries, activation] = await Promise.all([catalogue.all(), readActivation(jobs.redis, jobs.keys)]);
    const all = models
      .list()
      .map((file) => summarizeModel(file, entries.get(file.name), activation))
      .sort(byVersion);
    // A cursor is a place in the order, so it holds though its model be removed.
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    const rest = after === undefined ? all : all.filter((model) => byVersion(model, after) > 0);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const next = last !== undefined && rest.length > page.length ? { next_cursor: encodeCursor(last) } : {};
    return { status: 200, body: { success: true, models: page, count: all.length, ...next } };
  },
});

type Place = Pick<ModelSummary, 'name' | 'version'>;

/** Newest version first, models without one last, then by name. */
function byVersion(left: Place, right: Place): number {
  const versions = (right.version ?? Number.NEGATIVE_INFINITY) - (left.version ?? Number.NEGATIVE_INFINITY);
  if (versions !== 0 && !Number.isNaN(versions)) return versions;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

const placeSchema = z.tuple([z.int().nullable(), z.string()]);

function encodeCursor({ version, name }: Place): string {
  return Buffer.from(JSON.stringify([version, name])).toString('base64url');
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
