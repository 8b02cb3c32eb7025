import { randomUUID } from 'node:crypto';
import { activationState, noteRefusedActivation, readPointer } from '@caissa/registry';
import { AppError, toProblem } from '@caissa/shared/errors';
import type { ApiContext } from '../context.js';
import type { RouteRequest } from '../http/route.js';

/**
 * Writes a refused load of a model that is known to be bad into the journal, as a loader does with what it refuses.
 * Never rejects.
 */
export async function noteRefusal(
  { jobs: { redis, keys }, logger }: Pick<ApiContext, 'jobs' | 'logger'>,
  modelName: string,
  { caller, requestId }: Pick<RouteRequest<unknown, unknown, unknown>, 'caller' | 'requestId'>,
  error: unknown,
): Promise<void> {
  if (!(error instanceof AppError) || error.status !== 422) return;
  const now = new Date().toISOString();
  try {
    const state = await readPointer(redis, keys);
    await noteRefusedActivation(redis, keys, {
      job_id: `refused-${randomUUID()}`,
      kind: 'load',
      model_name: modelName,
      requested_by: caller.name,
      requested_at: now,
      started_at: now,
      finished_at: now,
      duration_ms: 0,
      attempts: 0,
      from: state.generation === 0 ? null : activationState(state),
      to: null,
      checks: null,
      outcome: 'failed',
      problem: toProblem(error),
    });
  } catch (fault) {
    logger.warn(
      { err: fault, request_id: requestId, model_name: modelName },
      'a refused activation could not be noted',
    );
  }
}
