import { mayHoldOtherNetwork } from '@caissa/formats';
import type { CatalogueEntry } from '@caissa/registry';
import { toError } from '../jobs/start-job.js';
import { mayPass } from './may-pass.js';
import type { ModelSources } from './model-folder.js';

/**
 * Returns what is known of a model's present file, if anything is. Refuses work on a model that does not exist, whose file
 * is being written, or is known to be unreadable for good: a result that is already known needs no job. That the network
 * is refused says nothing of another one in the file, which `weights` may name.
 * @throws AppError MODEL_NOT_FOUND, MODEL_BEING_WRITTEN, REDIS_UNAVAILABLE, or why the checkpoint was refused
 */
export async function assertUsable(
  { modelFolder, catalogue }: ModelSources,
  name: string,
  weights?: string,
): Promise<CatalogueEntry | undefined> {
  const [file, entries] = await Promise.all([modelFolder.find(name), catalogue.all()]);
  const known = entries.get(name);
  const entry = known?.identity === file.identity ? known : undefined;
  if (entry === undefined) await modelFolder.waitForRest(file);
  const problem = entry?.status === 'unreadable' ? entry.problem : undefined;
  if (problem && !mayPass(problem) && (weights === undefined || !mayHoldOtherNetwork(problem.code)))
    throw toError(problem);
  return entry;
}
