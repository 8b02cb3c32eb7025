import type { FailedJob, WorkItem } from '@caissa/queue';
import type { RedisClient, RedisKeys } from '@caissa/redis';
import { activationState, endTurn, type PointerMove } from '@caissa/registry';
import type { ActivationChecks } from '@caissa/shared/contracts';
import { AppError, toAppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import type { ActivationStart, Journal } from './journal.js';
import { isInFlight } from './journal-recovery.js';
import type { PointerKeeper } from './pointer-keeper.js';

/** What notes of activations are written with. */
export interface NotesContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly journal: Journal;
  readonly pointer: PointerKeeper;
  readonly logger: Logger;
}

/** What is noted of an activation that was made. */
interface Noted {
  readonly move: PointerMove;
  readonly opened?: { readonly checks: ActivationChecks };
}

/**
 * Makes one attempt at an activation, with its entry in the journal. Who has lost the job notes nothing any more.
 * @throws as `work` does; AppError JOB_LOST
 */
export async function withNotes<T extends Noted>(
  context: NotesContext,
  item: WorkItem<'load'>,
  work: () => Promise<T>,
): Promise<T> {
  const { journal, redis, keys } = context;
  await item.confirm();
  const entry = await journal.begin(startOf(context, item));
  try {
    const made = await work();
    const { state, from } = made.move;
    await item.confirm();
    await journal.confirm(from);
    const outcome = { to: activationState(state), from: stateOf(from), checks: made.opened?.checks ?? null };
    await journal.finish(entry, outcome);
    await endTurn(redis, keys, item.id).catch(() => undefined);
    return made;
  } catch (thrown) {
    const reason: unknown = item.signal.aborted ? item.signal.reason : thrown;
    // A job that is handed back because this loader stops is carried on by another one.
    if (item.signal.aborted && !(reason instanceof AppError)) throw thrown;
    const error = toAppError(reason);
    if (error.code === 'JOB_LOST') throw thrown;
    await item.confirm();
    await journal.finish(entry, { error });
    if (!error.retryable) await endTurn(redis, keys, item.id).catch(() => undefined);
    throw thrown;
  }
}

/** Notes an activation that failed for good, in case no attempt at it could. Never rejects. */
export async function noteFailedJob(context: NotesContext, job: FailedJob<'load'>, error: AppError): Promise<void> {
  const { redis, keys, journal } = context;
  const logger = context.logger.child({ job_id: job.id, request_id: job.data.request_id });
  try {
    // Somebody may have retried it meanwhile.
    if (await isInFlight(context, job.id)) return;
    await journal.conclude(startOf(context, job), error);
    await endTurn(redis, keys, job.id);
  } catch (thrown) {
    logger.debug({ err: thrown }, 'the end of an activation could not be noted');
  }
}

/** What the journal holds of a job before it is worked on. */
function startOf({ pointer }: NotesContext, { id, data, createdAt }: FailedJob<'load'>): ActivationStart {
  return {
    job_id: id,
    kind: data.kind ?? 'load',
    model_name: data.model_name,
    requested_by: data.requested_by ?? null,
    requested_at: createdAt.toISOString(),
    from: stateOf(pointer.known),
  };
}

/** Nothing before the first activation. */
function stateOf(from: PointerMove['from']) {
  return from.generation === 0 ? null : activationState(from);
}
