import type { JobDataByType, JobType } from '@caissa/shared/contracts';
import { assertUsable } from '../models/assert-usable.js';
import type { ModelSources } from '../models/model-folder.js';

/**
 * Refuses to do work again that would be refused if it were asked for now.
 * @throws AppError MODEL_NOT_FOUND, REDIS_UNAVAILABLE, or why the checkpoint is refused
 */
export async function assertRetryable(context: ModelSources, work: JobDataByType[JobType]): Promise<void> {
  const { model_name: name } = work;
  if ('format' in work) await assertUsable(context, name, work.weights);
  // Looking again at what could not be read is what an inspection is for.
  else if ('identity' in work) await context.modelFolder.find(name);
  // A rollback needs no file, and an unload no model.
  else if (work.kind === undefined || work.kind === 'load') await assertUsable(context, name);
}
