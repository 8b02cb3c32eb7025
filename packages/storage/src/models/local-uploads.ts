import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { nameFile } from '@caissa/bytes';
import { fileIdentity } from './model-file.js';
import type { ReceivedUpload } from './model-store.js';
import { modelExists, newUploadName, receiveBody, UPLOAD_PREFIX } from './upload.js';

/**
 * Writes a body to a temporary file of the model folder, durably. Nothing is left behind on failure.
 * @throws AppError BODY_TOO_LARGE, INVALID_BODY if it is empty; the system's error if it cannot be written
 */
export async function receiveUpload(folder: string, body: Readable, limitBytes: number): Promise<ReceivedUpload> {
  const upload = newUploadName();
  const path = join(folder, upload);
  const handle = await open(path, 'wx');
  try {
    const received = await receiveBody(body, limitBytes, (chunk) => handle.writeFile(chunk));
    await handle.sync();
    const identity = fileIdentity(await handle.stat({ bigint: true }));
    await handle.close();
    return { upload, ...received, identity };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/** An upload that was not written to for this long belongs to a process that is gone. */
const STALE_MS = 10 * 60_000;

/** Removes what uploads left behind when their process ended. Returns the names. */
export async function sweepUploads(folder: string, nowMs = Date.now()): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(folder)) {
    if (!name.startsWith(UPLOAD_PREFIX)) continue;
    const path = join(folder, name);
    // Another process may sweep at the same time.
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || !found.isFile() || nowMs - found.mtimeMs <= STALE_MS) continue;
    await rm(path, { force: true });
    removed.push(name);
  }
  return removed;
}

/** Gives a finished upload its name, unless that is taken. It appears whole and at once. @throws AppError MODEL_EXISTS */
export async function publishUpload(temporaryPath: string, path: string, name: string): Promise<void> {
  try {
    await nameFile(temporaryPath, path, { replace: false });
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? modelExists(name) : error;
  }
}
