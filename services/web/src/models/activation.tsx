import type { CurrentModel, JobAccepted, JobView } from '@caissa/shared/contracts';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { KEYS } from '../api/queries';
import { startLoad, startRollback, startUnload } from '../api/work';
import { whenJobEnds } from '../jobs/awaited-jobs';
import { tell, tellFailure } from '../ui/toasts';

/** Changes of the active model. Each resolves when the work is accepted; a message tells how it ended. */
export interface Activations {
  load(name: string, before: CurrentModel | undefined): Promise<void>;
  rollBack(generation?: number): Promise<void>;
  unload(before: CurrentModel | undefined): Promise<void>;
}

/** Changes the active model, and shows how that ended. */
export function useActivations(): Activations {
  const client = useQueryClient();
  return {
    load: async (name, before) => follow(client, await startLoad(name), `${name} is active`, before),
    rollBack: async (generation) => follow(client, await startRollback(generation), undefined, undefined),
    unload: async (before) => follow(client, await startUnload(), 'No model is active any more', before),
  };
}

async function follow(
  client: QueryClient,
  { job_id }: JobAccepted,
  title: string | undefined,
  before: CurrentModel | undefined,
): Promise<void> {
  whenJobEnds(job_id, (job) => {
    for (const queryKey of [KEYS.current, KEYS.models, KEYS.eachModel, KEYS.activations, KEYS.jobs]) {
      void client.invalidateQueries({ queryKey });
    }
    if (job.status === 'completed') tellSuccess(client, job, title, before);
    else if (job.status === 'cancelled')
      tell({ kind: 'info', title: `The activation of ${job.model_name} was cancelled` });
    else if (job.error?.code === 'SUPERSEDED') tell({ kind: 'info', title: job.error.detail });
    else tellFailure(`${job.model_name} could not be activated`, new Error(job.error?.detail));
  });
  // Until the list has the job, the button that started it would offer to start it again.
  await client.invalidateQueries({ queryKey: KEYS.jobs });
}

function tellSuccess(
  client: QueryClient,
  job: JobView,
  title: string | undefined,
  before: CurrentModel | undefined,
): void {
  tell({
    kind: 'success',
    title: title ?? `Rolled back to ${job.model_name}`,
    detail: before?.loaded ? `Before: ${before.model_name}, generation ${before.generation}.` : undefined,
    action: before?.loaded ? { label: 'Undo', run: () => void undo(client, before.generation) } : undefined,
  });
}

async function undo(client: QueryClient, generation: number): Promise<void> {
  try {
    await follow(client, await startRollback(generation), undefined, undefined);
  } catch (error) {
    tellFailure('It could not be undone', error);
  }
}
