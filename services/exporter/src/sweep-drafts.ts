import type { Queues } from '@caissa/queue';
import type { Logger } from '@caissa/shared/process';
import type { ArtifactStore } from '@caissa/storage';

/** States of a job that will not be worked on any more; `unknown` is one that is gone. */
const OVER = new Set(['completed', 'failed', 'unknown']);

/** Removes what workers that died have left in the store; work of jobs that are not over is left alone. */
export async function sweepDrafts(store: ArtifactStore, queues: Queues, logger: Logger): Promise<void> {
  const removed = await store.sweep(async (jobId) => !OVER.has(await queues.export.queue.getJobState(jobId)));
  if (removed.length > 0) logger.info({ removed: removed.length }, 'removed what interrupted exports had left');
}
