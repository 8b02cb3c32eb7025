import { digestSource } from '@caissa/bytes';
import { describeCheckpoint, openCheckpoint, refuseIfChanged, withSource } from '@caissa/conversion';
import type { Session } from '@caissa/session';
import { MODEL_EXTENSION } from '@caissa/storage';
import type { LoaderContext } from '../context.js';
import { namedError } from './named-error.js';
import { openConverted } from './open-converted.js';

/** A checkpoint of the model folder that is open in a session and has answered sensibly. */
export interface OpenedCheckpoint {
  readonly session: Session;
  readonly version: number | null;
  /** State of the file that was opened; see `fileIdentity`. */
  readonly identity: string;
}

/** What opening a checkpoint needs. */
export type OpenContext = Pick<LoaderContext, 'models' | 'converted' | 'shelf' | 'intraOpThreads' | 'spare'>;

/**
 * Opens a model of the model folder, of whatever size its network is.
 * @throws AppError with the file's name; the signal's reason
 */
export async function openCheckpointSession(
  context: OpenContext,
  modelName: string,
  signal: AbortSignal,
): Promise<OpenedCheckpoint> {
  const open = withSource(context.models.open(modelName), async (source) => {
    const checkpoint = await openCheckpoint(source);
    const sha256 = await digestSource(source, signal);
    const facts = describeCheckpoint(checkpoint);
    const convert = async () => {
      const converted = await context.converted.convert(sha256, checkpoint, { signal });
      await refuseIfChanged(source);
      return { path: converted, facts };
    };
    const { session } = await openConverted(context, sha256, convert, signal);
    return { session, version: describeCheckpoint(checkpoint).version, sha256, identity: source.identity };
  });
  return open.catch((error: unknown) => {
    throw namedError(error, `${modelName}${MODEL_EXTENSION}`);
  });
}
