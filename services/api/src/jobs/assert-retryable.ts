import type { JobDataByType, JobType } from '@caissa/shared/contracts';
import { assertUsable } from '../models/assert-usable.js';
import type { ModelSources } from '../models/model-folder.js';
import { problemOfDeployment } from '../models/summarize-model.js';
import { toError } from './start-job.js';

/**
 * Refuses to do work again that would be refused if it were asked for now.
 * @throws AppError MODEL_NOT_FOUND, REDIS_UNAVAILABLE, or why the checkpoint is refused or cannot be made active
 */
export async function assertRetryable(context: ModelSources, work: JobDataByType[JobType]): Promise<void> {
  const { model_name: name } = work;
  // To find out what a file is, or that it is gone, is what an inspection is for.
  if ('identity' in work) return;
  if ('format' in work) await assertUsable(context, name, work.weights);
  // A rollback needs no file, and an unload no model.
  else if (work.kind === undefined || work.kind === 'load') await assertLoadable(context, name);
}

/** @throws AppError as {@link assertRetryable} does */
async function assertLoadable(context: ModelSources, name: string): Promise<void> {
  const entry = await assertUsable(context, name);
  const problem = entry && problemOfDeployment(entry, context.replicas.expected);
  if (problem) throw toError(problem);
}
