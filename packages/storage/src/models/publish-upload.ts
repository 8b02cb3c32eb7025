import { nameFile } from '@caissa/bytes';
import { AppError } from '@caissa/shared/errors';

/** Gives a finished upload its name, unless that is taken. It appears whole and at once. @throws AppError MODEL_EXISTS */
export async function publishUpload(temporaryPath: string, path: string, name: string): Promise<void> {
  try {
    await nameFile(temporaryPath, path, { replace: false });
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? modelExists(name) : error;
  }
}

/** The error for a name that is taken. */
export function modelExists(name: string): AppError {
  return new AppError('MODEL_EXISTS', `There is a model named ${name} already. Upload under another name.`);
}
