import type { RedisClient, RedisKeys } from '@caissa/redis';
import { activationState, indexActivations, readActivationEntry } from '@caissa/registry';
import type { ActivationEntry } from '@caissa/shared/contracts';
import { AppError, toProblem } from '@caissa/shared/errors';
import type { JournalFile } from './journal-file.js';
import type { PointerKeeper } from './pointer-keeper.js';

/** What a journal is recovered with. */
export interface RecoveryContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly pointer: PointerKeeper;
  readonly file: JournalFile;
}

/**
 * Indexes the whole journal, and completes entries of jobs that will never come again, since Redis has lost them.
 * @param complete writes the end of an entry
 */
export async function recoverJournal(
  context: RecoveryContext,
  complete: (entry: ActivationEntry) => Promise<void>,
): Promise<void> {
  const { redis, keys, file } = context;
  const entries = await file.read();
  await indexActivations(redis, keys, entries);
  for (const entry of entries) {
    if (entry.outcome !== 'running' || (await isInFlight(context, entry.job_id))) continue;
    // Another loader, with another file, may have carried the job on.
    const held = await readActivationEntry(redis, keys, entry.job_id);
    await complete(held !== undefined && held.outcome !== 'running' ? held : endOf(entry, context));
  }
}

/** Whether a `load` job waits or is worked on. */
export async function isInFlight(
  { redis, keys }: Pick<RecoveryContext, 'redis' | 'keys'>,
  jobId: string,
): Promise<boolean> {
  const [id, finishedOn] = await redis.hmget(keys.job('load', jobId), 'timestamp', 'finishedOn');
  return id != null && finishedOn == null;
}

function endOf(entry: ActivationEntry, { pointer }: RecoveryContext): ActivationEntry {
  const ended = { ...entry, finished_at: new Date().toISOString() };
  if (pointer.known.job_id === entry.job_id) {
    return { ...ended, outcome: 'succeeded', to: activationState(pointer.known) };
  }
  const error = new AppError('WORKER_LOST', 'The loader ended before the activation was done. Load the model again.');
  return { ...ended, outcome: 'failed', problem: toProblem(error) };
}
