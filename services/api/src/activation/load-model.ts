import { jobAcceptedSchema, loadResultSchema, problemSchema } from '@caissa/shared';
import { defineRoute } from '../http/route.js';
import { START_HEADERS, startJob, waitQuerySchema } from '../jobs/start-job.js';
import { assertUsable } from '../models/assert-usable.js';
import { modelParamsSchema } from '../models/model-params.js';

/** `POST /api/model/load/{model_name}` */
export const loadModelRoute = defineRoute({
  method: 'post',
  path: '/api/model/load/:model_name',
  tag: 'Activation',
  summary: 'Make a model the active one',
  role: 'operator',
  params: modelParamsSchema,
  query: waitQuerySchema,
  headers: START_HEADERS,
  responses: {
    200: { description: 'The model is active; for requests that waited.', schema: loadResultSchema },
    202: { description: 'The work waits in its queue.', schema: jobAcceptedSchema },
    400: { description: 'The name or a parameter is not valid.', schema: problemSchema },
    404: { description: 'There is no such model.', schema: problemSchema },
    422: { description: 'The checkpoint was refused.', schema: problemSchema },
  },
  handler: async (context, request) => {
    const { model_name } = request.params;
    await assertUsable(context, model_name);
    return startJob(context, request, 'load', { model_name });
  },
});
