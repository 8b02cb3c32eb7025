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
