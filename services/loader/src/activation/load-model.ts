import { toIsoSeconds } from '@caissa/formats';
import type { Processor, WorkItem } from '@caissa/queue';
import {
  activate,
  activationState,
  deactivate,
  endTurn,
  isOvertaken,
  type PointerMove,
  superseded,
} from '@caissa/registry';
import type { ActivationResult } from '@caissa/shared/contracts';
import { AppError, toAppError } from '@caissa/shared/errors';
import type { LoaderContext } from '../context.js';
import { type Candidate, openCandidate, PERCENT } from '../models/open-candidate.js';
import { pruneConverted } from '../models/prune-converted.js';
import { reopenModel } from '../models/reopen-model.js';
import { toLoadResult, toUnloadResult } from './activation-result.js';
import type { ActivationStart } from './journal.js';
import type { Replica } from './replica.js';

type LoadItem = WorkItem<'load'>;

/** An activation that has been made. */
interface Made {
  readonly move: PointerMove;
  readonly candidate: Candidate | undefined;
}

/**
 * The work of a `load` job: opens a model, makes it the active one and serves it; or leaves nothing active. Until the
 * pointer has moved, everybody serves the model before; a job that fails has changed nothing. Of several that were
 * requested the last one wins: an earlier one ends as SUPERSEDED.
 * @param beat tells everybody at once what this loader serves
 */
export function loadProcessor(context: LoaderContext, replica: Replica, beat: () => Promise<void>): Processor<'load'> {
  return async (item) => {
    const made = await replica.load(() => attempt(context, replica, item));
    await beat();
    return toResult(context, item, made);
  };
}

/** One attempt at an activation, with its entry in the journal. */
async function attempt(context: LoaderContext, replica: Replica, item: LoadItem): Promise<Made> {
  const { journal, redis, keys } = context;
  await context.pointer.look();
  const entry = await journal.begin(startOf(context, item), item.logger);
  try {
    const made = await makeActivation(context, replica, item);
    const { state, from } = made.move;
    await journal.confirm(from);
    const outcome = {
      to: activationState(state),
      from: from.generation === 0 ? null : activationState(from),
      checks: made.candidate?.checks ?? null,
    };
    await journal.finish(entry, outcome, item.logger);
    await endTurn(redis, keys, item.id).catch(() => undefined);
    return made;
  } catch (thrown) {
    const reason: unknown = item.signal.aborted ? item.signal.reason : thrown;
    // A job that is handed back because this loader stops is carried on by another one.
    if (item.signal.aborted && !(reason instanceof AppError)) throw thrown;
    const error = toAppError(reason);
    await journal.finish(entry, { error }, item.logger);
    if (!error.retryable) await endTurn(redis, keys, item.id).catch(() => undefined);
    throw thrown;
  }
}

/** What the journal holds of a job before it is worked on. */
export function startOf(
  { pointer }: LoaderContext,
  { id, data, createdAt }: Pick<LoadItem, 'id' | 'data' | 'createdAt'>,
) {
  const { known } = pointer;
  return {
    job_id: id,
    kind: data.kind ?? 'load',
    model_name: data.model_name,
    requested_by: data.requested_by ?? null,
    requested_at: createdAt.toISOString(),
    from: known.generation === 0 ? null : activationState(known),
  } satisfies ActivationStart;
}

async function makeActivation(context: LoaderContext, replica: Replica, item: LoadItem): Promise<Made> {
  item.signal.throwIfAborted();
  await refuseIfSuperseded(context, item);
  return item.data.kind === 'unload' ? unloadModel(context, replica, item) : activateModel(context, replica, item);
}

async function activateModel(context: LoaderContext, replica: Replica, item: LoadItem): Promise<Made> {
  const { data, signal } = item;
  const { target } = data;
  const candidate = target ? await reopenTarget(context, item, target) : await openCandidate(context, toRequest(item));
  try {
    signal.throwIfAborted();
    item.report({ stage: 'publishing', percent: PERCENT.publishing });
    await refuseIfSuperseded(context, item);
    const move = await activate(context.redis, context.keys, toPointer(item, candidate), orderOf(context, item));
    await context.pointer.moved(move.state, item.logger);
    replica.adopt(move.state, candidate.session);
    await pruneConverted(context, candidate.sha256);
    return { move, candidate };
  } catch (error) {
    await candidate.session.close();
    throw error;
  }
}

async function unloadModel(context: LoaderContext, replica: Replica, item: LoadItem): Promise<Made> {
  item.report({ stage: 'publishing', percent: PERCENT.publishing });
  const move = await deactivate(context.redis, context.keys, item.id, orderOf(context, item));
  await context.pointer.moved(move.state, item.logger);
  replica.adopt(move.state);
  return { move, candidate: undefined };
}

/** Opens what a rollback goes back to. @throws AppError MODEL_GONE and as `openCandidate` does */
async function reopenTarget(
  context: LoaderContext,
  { data, signal, report }: LoadItem,
  { source_sha256: sha256 }: { source_sha256: string },
): Promise<Candidate> {
  report({ stage: 'opening', percent: PERCENT.opening });
  const opened = await reopenModel(context, { model_name: data.model_name, source_sha256: sha256 }, signal);
  return { ...opened, ...(await context.converted.factsOf(sha256)), modelName: data.model_name, sha256 };
}

/** What this job has done already stands, so it is only refused before. @throws AppError SUPERSEDED, REDIS_UNAVAILABLE */
async function refuseIfSuperseded({ redis, keys, pointer }: LoaderContext, { id, data }: LoadItem): Promise<void> {
  if (pointer.known.job_id === id || data.sequence === undefined) return;
  if (pointer.known.sequence >= data.sequence || (await isOvertaken(redis, keys, data.sequence))) throw superseded();
}

const orderOf = ({ pointer }: LoaderContext, { data }: LoadItem) => ({
  sequence: data.sequence,
  floor: pointer.known.generation,
});

const toRequest = ({ data, signal, report }: LoadItem) => ({ modelName: data.model_name, signal, report });

const toPointer = ({ id, data }: LoadItem, { modelName, version, metadata, sha256 }: Candidate) => ({
  model_name: modelName,
  version,
  source_sha256: sha256,
  metadata,
  load_date: toIsoSeconds(new Date()),
  job_id: id,
  ...(data.requested_by === undefined ? {} : { requested_by: data.requested_by }),
});

async function toResult(context: LoaderContext, item: LoadItem, { move, candidate }: Made): Promise<ActivationResult> {
  const { generation, pointer } = move.state;
  if (pointer === null || candidate === undefined) return toUnloadResult(context, item, generation);
  const device = candidate.session.info.deviceName;
  return toLoadResult(context, item, { generation, pointer, device });
}
