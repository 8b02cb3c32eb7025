import type { ModelFile } from '@caissa/storage';
import type { ApiContext } from '../context.js';
import { toError } from '../jobs/start-job.js';

/**
 * Refuses work on a model that does not exist, or whose present file is known to be unreadable: a result that is
 * already known needs no job.
 * @throws AppError MODEL_NOT_FOUND, REDIS_UNAVAILABLE, or why the checkpoint was refused
 */
export async function assertUsable({ models, catalogue }: ApiContext, name: string): Promise<ModelFile> {
  const [file, entries] = await Promise.all([models.find(name), catalogue.all()]);
  const entry = entries.get(name);
  if (entry?.identity === file.identity && entry.status === 'unreadable' && entry.problem) throw toError(entry.problem);
  return file;
}
