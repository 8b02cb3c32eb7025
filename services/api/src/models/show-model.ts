import { modelInfoSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { modelParamsSchema } from '../http/parameters.js';
import { defineRoute } from '../http/route.js';

/** `GET /api/model/info/{model_name}` */
export const showModelRoute = defineRoute({
  method: 'get',
  path: '/api/model/info/:model_name',
  tag: 'Models',
  summary: 'Show a model with its tensors',
  role: 'viewer',
  params: modelParamsSchema,
  responses: {
    200: {
      description: 'The model; without tensors while it is `inspecting` or if it is `unreadable`.',
      schema: modelInfoSchema,
    },
    400: { description: 'The name is not valid.', schema: problemSchema },
    404: { description: 'There is no such model.', schema: problemSchema },
  },
  handler: async ({ modelDetails }, { params: { model_name } }) => ({
    status: 200,
    json: await modelDetails.current(model_name),
  }),
});
