import { AppError } from '@caissa/shared/errors';

/** The error for a file that is not what was exported. */
export function artifactDamaged(): AppError {
  return new AppError('ARTIFACT_DAMAGED', 'The exported file is not of the size it had. Export the model again.');
}

/** The error for a file that is not there, or no more. */
export function exportNotFound(): AppError {
  return new AppError('EXPORT_NOT_FOUND', 'There is no exported file of this name. It may have been removed.');
}
