import { AppError, toAppError } from '@caissa/shared/errors';

/** Gives what went wrong in the folder of exports its code; a folder or draft that vanished is a matter of the store too. */
function toStoreError(thrown: unknown): AppError {
  if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')) {
    return new AppError('STORE_UNAVAILABLE', 'The folder of exports, or a file just written to it, is gone.', {
      cause: thrown,
    });
  }
  return toAppError(thrown);
}

/** Runs operations on the folder of exports and gives their failures a code. @throws AppError STORAGE_FULL, STORE_UNAVAILABLE */
export async function callStore<T>(operations: () => Promise<T>): Promise<T> {
  try {
    return await operations();
  } catch (error) {
    throw toStoreError(error);
  }
}

/** The error for a file that is not what was exported. */
export function artifactDamaged(): AppError {
  return new AppError('ARTIFACT_DAMAGED', 'The exported file is not of the size it had. Export the model again.');
}

/** The error for a file that is not there, or no more. */
export function exportNotFound(): AppError {
  return new AppError('EXPORT_NOT_FOUND', 'There is no exported file of this name. It may have been removed.');
}
