import { mayHoldOtherNetwork } from '@caissa/formats';
import type { ModelFile } from '@caissa/storage';
import { toError } from '../jobs/start-job.js';
import type { ModelSources } from './model-folder.js';

/**
 * Refuses work on a model that does not exist, or whose present file is known to be unreadable: a result that is
 * already known needs no job. That the network is refused says nothing of another one in the file, which `weights` may name.
 * @throws AppError MODEL_NOT_FOUND, REDIS_UNAVAILABLE, or why the checkpoint was refused
 */
export async function assertUsable(
  { modelFolder, catalogue }: ModelSources,
  name: string,
  weights?: string,
): Promise<ModelFile> {
  const [file, entries] = await Promise.all([modelFolder.find(name), catalogue.all()]);
  const entry = entries.get(name);
  const problem = entry?.identity === file.identity && entry.status === 'unreadable' ? entry.problem : undefined;
  if (problem && (weights === undefined || !mayHoldOtherNetwork(problem.code))) throw toError(problem);
  return file;
}
