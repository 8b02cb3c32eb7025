import type { JobsContext } from '@caissa/queue';
import { findActivationEntry, readPointer } from '@caissa/registry';
import { jobAcceptedSchema, type LoadJobData, loadResultSchema, rollbackRequestSchema } from '@caissa/shared/contracts';
import { AppError, problemSchema } from '@caissa/shared/errors';
import { defineRoute } from '../http/route.js';
import { START_HEADERS } from '../jobs/start-job.js';
import { activationQuerySchema, startActivation } from './start-activation.js';

/** `POST /api/model/rollback` */
export const rollBackRoute = defineRoute({
  method: 'post',
  path: '/api/model/rollback',
  tag: 'Activation',
  summary: 'Go back to a model that was active before',
  description:
    'Without a `generation`: to the last model that was active before the present one and is another; after an unload, to the last one that was active. Done twice, it is undone. The model is the one of then, though its checkpoint may have been replaced. It counts as an activation, with a generation of its own.',
  role: 'operator',
  query: activationQuerySchema,
  body: rollbackRequestSchema,
  bodyOptional: true,
  headers: START_HEADERS,
  responses: {
    200: { description: 'The model is active again; for requests that waited.', schema: loadResultSchema },
    202: { description: 'The work waits in its queue.', schema: jobAcceptedSchema },
    400: { description: 'The body or a parameter is not valid.', schema: problemSchema },
    404: { description: 'There is no such activation, or none to go back to.', schema: problemSchema },
    409: { description: 'The model is gone, or another activation was requested later.', schema: problemSchema },
  },
  handler: (context, request) =>
    startActivation(context, request, {
      claimed: ['rollback', request.body],
      prepare: () => targetOf(context.jobs, request.body.generation),
    }),
});

/** @throws AppError ACTIVATION_NOT_FOUND, REDIS_UNAVAILABLE */
async function targetOf({ redis, keys }: JobsContext, wanted: number | undefined): Promise<LoadJobData> {
  const current = await readPointer(redis, keys);
  const entry = await findActivationEntry(redis, keys, ({ outcome, to }) => {
    if (outcome !== 'succeeded' || to === null || to.source_sha256 === null) return false;
    if (wanted !== undefined) return to.generation === wanted;
    return to.generation < current.generation && to.source_sha256 !== current.pointer?.source_sha256;
  });
  const { generation, model_name, source_sha256 } = entry?.to ?? {};
  if (generation === undefined || !model_name || !source_sha256) {
    throw new AppError(
      'ACTIVATION_NOT_FOUND',
      wanted === undefined
        ? 'No other model was active before, so there is none to go back to.'
        : `No model was made active as generation ${wanted}. GET /api/model/activations shows the generations there were.`,
    );
  }
  return { model_name, kind: 'rollback', target: { generation, source_sha256 } };
}
