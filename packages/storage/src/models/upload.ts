import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AppError } from '@caissa/shared/errors';

/** How the names of uploads begin that are not models yet. */
export const UPLOAD_PREFIX = '.upload-';

/** What is random in the name of an upload. */
export const UPLOAD_ID = /^[0-9a-f]{32}$/;

/** A name for an upload that nobody has used. */
export function newUploadName(): string {
  return `${UPLOAD_PREFIX}${randomBytes(16).toString('hex')}`;
}

/** The name, if it is one that {@link newUploadName} makes. @throws AppError INVALID_NAME */
export function parseUploadName(upload: string): string {
  if (upload.startsWith(UPLOAD_PREFIX) && UPLOAD_ID.test(upload.slice(UPLOAD_PREFIX.length))) return upload;
  throw new AppError('INVALID_NAME', 'The name of the upload is not one that was given out.');
}

/** The error for a name that is taken. */
export function modelExists(name: string): AppError {
  return new AppError('MODEL_EXISTS', `There is a model named ${name} already. Upload under another name.`);
}

/** The error for an upload that is there no more. */
export function uploadGone(name: string): AppError {
  return new AppError('MODEL_NOT_FOUND', `The upload of ${name} was given up.`);
}

/**
 * Passes the body of an upload on, piece by piece.
 * @param write may keep a piece until its promise settles
 * @throws AppError BODY_TOO_LARGE, INVALID_BODY if it is empty; what `write` throws
 */
export async function receiveBody(
  body: Readable,
  limitBytes: number,
  write: (chunk: Buffer) => Promise<void>,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  // Leaving the loop early must not destroy the request: its connection still carries the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw uploadTooLarge(limitBytes);
    // Writing goes on elsewhere while this thread computes the digest.
    const written = write(chunk);
    hash.update(chunk);
    await written;
  }
  if (sizeBytes === 0) throw new AppError('INVALID_BODY', 'The body is empty; it must be a checkpoint.');
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The SHA-256 of what a stream holds, in hexadecimal digits. @throws what the stream fails with */
export async function digestOf(content: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}

/** The error for a piece that does not end where the upload ends: what it belongs to is of no use. */
export function beyondAnnounced(): AppError {
  return new AppError('UPLOAD_DAMAGED', 'More bytes came than Upload-Length has announced. Begin the upload anew.');
}

/** The error for an upload beyond the limit. */
export function uploadTooLarge(limitBytes: number): AppError {
  return new AppError('BODY_TOO_LARGE', `A checkpoint may have ${limitBytes / 1024 ** 2} MiB at most (MAX_UPLOAD_MB).`);
}
