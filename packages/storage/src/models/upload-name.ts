import { randomBytes } from 'node:crypto';
import { AppError } from '@caissa/shared/errors';

/** How the names of uploads begin that are not models yet. */
export const UPLOAD_PREFIX = '.upload-';

const UPLOAD_NAME = /^\.upload-[0-9a-f]{32}$/;

/** A name for an upload that nobody has used. */
export function newUploadName(): string {
  return `${UPLOAD_PREFIX}${randomBytes(16).toString('hex')}`;
}

/** The name, if it is one that {@link newUploadName} makes. @throws AppError INVALID_NAME */
export function parseUploadName(upload: string): string {
  if (UPLOAD_NAME.test(upload)) return upload;
  throw new AppError('INVALID_NAME', 'The name of the upload is not one that was given out.');
}
