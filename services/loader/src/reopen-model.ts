import { digestSource, openCheckpoint, withFile } from '@caissa/conversion';
import type { Session } from '@caissa/session';
import { type ActivePointer, AppError, MODEL_EXTENSION, modelPath } from '@caissa/shared';
import type { LoaderContext } from './context.js';
import { namedError } from './named-error.js';
import { openConverted } from './open-converted.js';

/**
 * Opens the model that a pointer names: the converted one, or the checkpoint if it is still the file that was activated.
 * @throws AppError with the file's name; the signal's reason
 */
export async function reopenModel(
  context: LoaderContext,
  pointer: ActivePointer,
  signal: AbortSignal,
): Promise<Session> {
  const { converted } = context;
  const filename = `${pointer.model_name}${MODEL_EXTENSION}`;
  const convert = () =>
    withFile(modelPath(context.modelsFolder, pointer.model_name), async (source) => {
      if ((await digestSource(source, signal)) !== pointer.source_sha256) throw replaced(filename);
      return converted.convert(pointer.source_sha256, await openCheckpoint(source), { signal });
    }).catch((error: unknown) => {
      throw error instanceof Error && 'code' in error && error.code === 'ENOENT' ? replaced(filename) : error;
    });
  try {
    return await openConverted(converted, pointer.source_sha256, convert, signal);
  } catch (error) {
    throw namedError(error, filename);
  }
}

function replaced(filename: string): AppError {
  return new AppError('SOURCE_CHANGED', `${filename} is no longer the file that was activated. Load a model again.`);
}
