import { type ModelInfo, modelInfoSchema, problemSchema, readActivation } from '@caissa/shared';
import { defineRoute } from '../http/route.js';
import { modelParamsSchema } from './model-params.js';
import { summarizeModel } from './summarize-model.js';

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
  handler: async ({ models, catalogue, jobs }, { params: { model_name } }) => {
    const file = await models.find(model_name);
    const [entries, tensors, activation] = await Promise.all([
      catalogue.all(),
      catalogue.tensors(model_name),
      readActivation(jobs.redis, jobs.keys),
    ]);
    const entry = entries.get(model_name);
    const known = entry?.identity === file.identity ? entry : undefined;
    const body: ModelInfo = {
      success: true,
      ...summarizeModel(file, known, activation),
      sha256: known?.sha256 ?? null,
      tensors: known ? tensors : [],
    };
    return { status: 200, body };
  },
});
