import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AppError } from '@caissa/shared/errors';

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

/** The error for an upload beyond the limit. */
export function uploadTooLarge(limitBytes: number): AppError {
  return new AppError('BODY_TOO_LARGE', `A checkpoint may have ${limitBytes / 1024 ** 2} MiB at most (MAX_UPLOAD_MB).`);
}
