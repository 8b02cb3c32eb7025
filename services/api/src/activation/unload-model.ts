import { readPointer } from '@caissa/registry';
import { jobAcceptedSchema, type LoadJobData, unloadResultSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { defineRoute } from '../http/route.js';
import { START_HEADERS } from '../jobs/start-job.js';
import { activationQuerySchema, startActivation } from './start-activation.js';

/** `POST /api/model/unload` */
export const unloadModelRoute = defineRoute({
  method: 'post',
  path: '/api/model/unload',
  tag: 'Activation',
  summary: 'Leave no model active',
  description:
    'Positions that were taken are answered first; then every loader closes the model. It counts as an activation, with a generation of its own, and can be rolled back.',
  role: 'operator',
  query: activationQuerySchema,
  headers: START_HEADERS,
  responses: {
    200: { description: 'Nothing is active; for requests that waited.', schema: unloadResultSchema },
    202: { description: 'The work waits in its queue.', schema: jobAcceptedSchema },
    400: { description: 'A parameter is not valid.', schema: problemSchema },
    409: { description: 'Nothing is active, or another activation was requested later.', schema: problemSchema },
  },
  handler: async (context, request) => {
    const prepare = async (): Promise<LoadJobData> => {
      const { pointer } = await readPointer(context.jobs.redis, context.jobs.keys);
      if (pointer === null) throw new AppError('NO_ACTIVE_MODEL', 'No model is active, so there is none to unload.');
      return { model_name: pointer.model_name, kind: 'unload' };
    };
    return startActivation(context, request, { claimed: ['unload'], prepare });
  },
});
