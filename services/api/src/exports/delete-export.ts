import { callRedis } from '@caissa/redis';
import { removalSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { fileParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';
import { describeRemoval } from './removal.js';

/** `DELETE /api/model/exports/{filename}` */
export const deleteExportRoute = defineRoute({
  method: 'delete',
  path: '/api/model/exports/:filename',
  tag: 'Exports',
  summary: 'Remove an export',
  description: 'Its metadata file goes with it, and so does the file of its weights where there is one.',
  role: 'operator',
  params: fileParamsSchema,
  responses: {
    200: { description: 'What was removed.', schema: removalSchema },
    400: { description: 'The name is not valid.', schema: problemSchema },
    404: { description: 'There is no such export.', schema: problemSchema },
  },
  handler: async ({ store, exports, jobs }, { params: { filename } }) => {
    // Without Redis the index would keep showing what is gone.
    await callRedis(() => jobs.redis.ping());
    const removed = await store.remove(filename);
    await exports.remove(filename);
    return { status: 200, body: describeRemoval(removed, false) };
  },
});
