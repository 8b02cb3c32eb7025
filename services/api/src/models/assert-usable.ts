import type { ModelFile } from '@caissa/storage';
import type { ApiContext } from '../context.js';
import { toError } from '../jobs/start-job.js';

/**
 * Refuses work on a model that is not there, or that is known to be unreadable as it is now: an answer that is known
 * already needs no job.
 * @throws AppError MODEL_NOT_FOUND, REDIS_UNAVAILABLE, or why the checkpoint was refused
 */
export async function assertUsable({ models, catalogue }: ApiContext, name: string): Promise<ModelFile> {
  const [file, entries] = await Promise.all([models.find(name), catalogue.all()]);
  const entry = entries.get(name);
  if (entry?.identity === file.identity && entry.status === 'unreadable' && entry.problem) throw toError(entry.problem);
  return file;
}
