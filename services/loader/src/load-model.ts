import { describeCheckpoint, digestSource, openCheckpoint, refuseIfChanged, withFile } from '@caissa/conversion';
import { checkExpected } from '@caissa/network';
import type { Session } from '@caissa/session';
import {
  type Activation,
  type ActivePointer,
  activate,
  countReplicas,
  findModelFile,
  type LoadResult,
  MODEL_EXTENSION,
  type Processor,
  readActivation,
  readHeartbeats,
  toIsoSeconds,
  type WorkItem,
} from '@caissa/shared';
import type { LoaderContext } from './context.js';
import { namedError } from './named-error.js';
import { openConverted } from './open-converted.js';
import type { Replica } from './replica.js';

type LoadItem = WorkItem<'load'>;

const PERCENT = { opening: 0, converting: 10, warming_up: 70, publishing: 95 } as const;

/** A model that has been opened, has answered sensibly, and waits to be activated. */
interface Candidate {
  readonly session: Session;
  readonly pointer: ActivePointer;
}

/**
 * The work of a `load` job: opens a model, makes it the active one and serves it. Until the pointer has moved, everybody
 * serves the model before; a job that fails has changed nothing.
 * @param beat tells everybody at once what this loader serves
 */
export function loadProcessor(context: LoaderContext, replica: Replica, beat: () => Promise<void>): Processor<'load'> {
  return async (item) => {
    const { activation, session } = await replica.load(() => activateModel(context, replica, item));
    await beat();
    return toResult(context, item, activation, session.info.deviceName);
  };
}

async function activateModel(
  context: LoaderContext,
  replica: Replica,
  item: LoadItem,
): Promise<{ activation: Activation; session: Session }> {
  const { session, pointer } = await openCandidate(context, item);
  try {
    item.signal.throwIfAborted();
    item.report({ stage: 'publishing', percent: PERCENT.publishing });
    const { state } = await activate(context.redis, context.keys, pointer);
    const { generation } = state;
    const activation = { generation, pointer };
    replica.adopt(activation, session);
    await context.converted.prune(new Set([pointer.source_sha256])).catch((error: unknown) => {
      item.logger.warn({ err: error }, 'converted models could not be removed');
    });
    return { activation, session };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function openCandidate(context: LoaderContext, item: LoadItem): Promise<Candidate> {
  const { data, signal } = item;
  signal.throwIfAborted();
  item.report({ stage: 'opening', percent: PERCENT.opening });
  const { name, path } = await findModelFile(context.modelsFolder, data.model_name);
  return withFile(path, async (source) => {
    const checkpoint = await openCheckpoint(source);
    checkExpected(checkpoint.network.architecture, context.expected);
    const sha256 = await digestSource(source, signal);
    item.report({ stage: 'converting', percent: PERCENT.converting });
    const share = PERCENT.warming_up - PERCENT.converting;
    const onProgress = (written: number, total: number) =>
      item.report({ stage: 'converting', percent: PERCENT.converting + (share * written) / total });
    const convert = async () => {
      const converted = await context.converted.convert(sha256, checkpoint, { signal, onProgress });
      await refuseIfChanged(source);
      item.report({ stage: 'warming_up', percent: PERCENT.warming_up });
      return converted;
    };
    const session = await openConverted(context.converted, sha256, convert, signal);
    const { version, metadata } = describeCheckpoint(checkpoint);
    const pointer: ActivePointer = {
      model_name: name,
      version,
      source_sha256: sha256,
      metadata,
      load_date: toIsoSeconds(new Date()),
      job_id: item.id,
      ...(data.requested_by === undefined ? {} : { requested_by: data.requested_by }),
    };
    return { session, pointer };
  }).catch((error: unknown) => {
    throw namedError(error, `${name}${MODEL_EXTENSION}`);
  });
}

/** The activation stands whatever happens now, so Redis may be away without the job being tried again. */
async function toResult(
  { redis, keys }: LoaderContext,
  item: LoadItem,
  { generation, pointer }: Activation,
  device: string,
): Promise<LoadResult> {
  const [heartbeats, current] = await Promise.all([
    readHeartbeats(redis, keys).catch(() => []),
    readActivation(redis, keys).catch(() => undefined),
  ]);
  const { ready, total } = countReplicas(heartbeats, generation);
  // An earlier attempt at this job may have moved the pointer already, and its date is the one that counts.
  const { load_date: loadDate } = current?.generation === generation ? current.pointer : pointer;
  return {
    success: true,
    message: `Model ${pointer.model_name} loaded successfully`,
    model_name: pointer.model_name,
    device,
    load_date: loadDate,
    metadata: pointer.metadata,
    generation,
    replicas: { ready: Math.max(ready, 1), total: Math.max(total, 1) },
    job_id: item.id,
  };
}
