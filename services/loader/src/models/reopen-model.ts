import { digestSource } from '@caissa/bytes';
import { describeCheckpoint, openCheckpoint, withSource } from '@caissa/conversion';
import type { ActivePointer } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import { MODEL_EXTENSION } from '@caissa/storage';
import type { LoaderContext } from '../context.js';
import { namedError } from './named-error.js';
import { type OpenedConverted, openConverted } from './open-converted.js';

/**
 * Opens a model that was active before: the converted one, or the checkpoint if it is still the file that was activated.
 * @throws AppError MODEL_GONE, and others with the file's name; the signal's reason
 */
export async function reopenModel(
  context: LoaderContext,
  { model_name: name, source_sha256: sha256 }: Pick<ActivePointer, 'model_name' | 'source_sha256'>,
  signal: AbortSignal,
): Promise<OpenedConverted> {
  const { converted } = context;
  const filename = `${name}${MODEL_EXTENSION}`;
  const convert = () => {
    const opening = context.models.open(name).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'MODEL_NOT_FOUND' ? replaced(filename) : error;
    });
    return withSource(opening, async (source) => {
      if ((await digestSource(source, signal)) !== sha256) throw replaced(filename);
      const checkpoint = await openCheckpoint(source);
      const path = await converted.convert(sha256, checkpoint, { signal });
      return { path, facts: describeCheckpoint(checkpoint) };
    });
  };
  try {
    return await openConverted(context, sha256, convert, signal);
  } catch (error) {
    throw namedError(error, filename);
  }
}

function replaced(filename: string): AppError {
  return new AppError('MODEL_GONE', `${filename} is no longer the file that was activated. Load a model again.`);
}
