import { removeExports } from '@caissa/registry';
import { cleanupRequestSchema, removalSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { filesOf } from '@caissa/storage';
import { defineRoute } from '../http/route.js';
import { describeRemoval } from './removal.js';

/** `POST /api/model/exports/cleanup` */
export const cleanUpExportsRoute = defineRoute({
  method: 'post',
  path: '/api/model/exports/cleanup',
  tag: 'Exports',
  summary: 'Remove all but the newest exports',
  description: 'Keeps the `keep_recent` newest exports over all models.',
  role: 'operator',
  body: cleanupRequestSchema,
  responses: {
    200: { description: 'What was removed, or would be with `dry_run`.', schema: removalSchema },
    400: { description: 'The body is not valid.', schema: problemSchema },
  },
  handler: async ({ store, exports }, { body: { keep_recent, dry_run } }) => {
    const beyond = await exports.beyond(keep_recent);
    const names = beyond.map(({ filename }) => filename);
    const removed = dry_run ? beyond.flatMap(filesOf) : await removeExports(store, exports, names);
    return { status: 200, body: describeRemoval(removed, dry_run) };
  },
});
