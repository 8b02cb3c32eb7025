import { jobAcceptedSchema, loadResultSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { modelParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';
import { START_HEADERS } from '../jobs/start-job.js';
import { assertUsable } from '../models/assert-usable.js';
import { noteRefusal } from './note-refusal.js';
import { activationQuerySchema, startActivation } from './start-activation.js';

/** `POST /api/model/load/{model_name}` */
export const loadModelRoute = defineRoute({
  method: 'post',
  path: '/api/model/load/:model_name',
  tag: 'Activation',
  summary: 'Make a model the active one',
  description:
    'One activation runs at a time, and of several that wait the last one requested wins: the others fail with `SUPERSEDED`. The model before answers until the new one is open and checked.',
  role: 'operator',
  params: modelParamsSchema,
  query: activationQuerySchema,
  headers: START_HEADERS,
  responses: {
    200: { description: 'The model is active; for requests that waited.', schema: loadResultSchema },
    202: { description: 'The work waits in its queue.', schema: jobAcceptedSchema },
    400: { description: 'The name or a parameter is not valid.', schema: problemSchema },
    404: { description: 'There is no such model.', schema: problemSchema },
    409: {
      description: 'Another activation was requested later, or the checkpoint is still being written.',
      schema: problemSchema,
    },
    422: { description: 'The checkpoint was refused.', schema: problemSchema },
  },
  handler: (context, request) => {
    const { model_name } = request.params;
    const prepare = async () => {
      await assertUsable(context, model_name);
      return { model_name };
    };
    const refused = (error: unknown) => noteRefusal(context, model_name, request, error);
    return startActivation(context, request, { claimed: ['load', { model_name }], prepare, refused });
  },
});
