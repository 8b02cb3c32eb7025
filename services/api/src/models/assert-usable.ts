import type { ModelFile } from '@caissa/storage';
import { toError } from '../jobs/start-job.js';
import type { ModelSources } from './model-folder.js';

/**
 * Refuses work on a model that does not exist, or whose present file is known to be unreadable: a result that is
 * already known needs no job.
 * @throws AppError MODEL_NOT_FOUND, REDIS_UNAVAILABLE, or why the checkpoint was refused
 */
export async function assertUsable({ modelFolder, catalogue }: ModelSources, name: string): Promise<ModelFile> {
  const [file, entries] = await Promise.all([modelFolder.find(name), catalogue.all()]);
  const entry = entries.get(name);
  if (entry?.identity === file.identity && entry.status === 'unreadable' && entry.problem) throw toError(entry.problem);
  return file;
}
