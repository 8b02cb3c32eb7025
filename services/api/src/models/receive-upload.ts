import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError, fileIdentity } from '@caissa/shared';

/** How temporary files begin. */
export const UPLOAD_PREFIX = '.upload-';

/** A file that arrived whole and is on the disk, under a name that nobody lists. */
export interface ReceivedFile {
  readonly temporaryName: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly identity: string;
}

/**
 * Writes a body to a temporary file of the model folder. Nothing is left behind on failure.
 * @throws AppError BODY_TOO_LARGE, INVALID_BODY if it is empty; the system's error if it cannot be written
 */
export async function receiveUpload(folder: string, body: Readable, limitBytes: number): Promise<ReceivedFile> {
  const temporaryName = `${UPLOAD_PREFIX}${randomBytes(16).toString('hex')}`;
  const path = join(folder, temporaryName);
  const handle = await open(path, 'wx');
  try {
    const { sizeBytes, sha256 } = await writeAll(handle, body, limitBytes);
    if (sizeBytes === 0) throw new AppError('INVALID_BODY', 'The body is empty; it must be a checkpoint.');
    await handle.sync();
    const identity = fileIdentity(await handle.stat({ bigint: true }));
    await handle.close();
    return { temporaryName, sizeBytes, sha256, identity };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

async function writeAll(
  handle: FileHandle,
  body: Readable,
  limitBytes: number,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  // Leaving the loop early must not destroy the request: its connection still carries the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw uploadTooLarge(limitBytes);
    // The write runs in the thread pool while this thread computes the digest.
    const written = handle.writeFile(chunk);
    hash.update(chunk);
    await written;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The error for an upload beyond the limit. */
export function uploadTooLarge(limitBytes: number): AppError {
  return new AppError('BODY_TOO_LARGE', `A checkpoint may have ${limitBytes / 1024 ** 2} MiB at most (MAX_UPLOAD_MB).`);
}
