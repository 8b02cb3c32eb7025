import { constants, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { nameFile } from '@caissa/bytes';
import { readFolderClock } from '../artifacts/folder-clock.js';
import { fileIdentity } from './model-file.js';
import type { KeptPiece, ReceivedUpload, UploadPiece } from './model-store.js';
import { beyondAnnounced, digestOf, modelExists, newUploadName, receiveBody, UPLOAD_PREFIX } from './upload.js';

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

/** How many bytes of an upload there are. @throws the system's error */
export async function keptBytesOf(path: string): Promise<number> {
  const found = await stat(path).catch(ignoreMissing);
  return found?.size ?? 0;
}

/** Adds a piece to an upload, durably as far as it has come. @throws AppError INVALID_BODY, UPLOAD_DAMAGED; the system's error */
export async function appendPiece(path: string, { body, offset, sizeBytes, check }: UploadPiece): Promise<KeptPiece> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
  let keptBytes = offset;
  try {
    const { sha256 } = await receiveBody(body, Number.POSITIVE_INFINITY, async (chunk) => {
      check();
      if (keptBytes + chunk.length > sizeBytes) throw beyondAnnounced();
      const position = keptBytes;
      keptBytes += chunk.length;
      for (let done = 0; done < chunk.length; )
        done += (await handle.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
    }).catch(async (error: unknown) => {
      // Also what a broken body has brought is gone on with, later and maybe after a loss of power.
      await handle.sync().catch(() => undefined);
      throw error;
    });
    await handle.sync();
    return { keptBytes, ...(offset === 0 ? { sha256 } : {}) };
  } finally {
    await handle.close();
  }
}

/** Ends an upload whose pieces are all there. Returns undefined if it is gone. @throws the system's error */
export async function completePieces(
  path: string,
  sha256?: string,
): Promise<Omit<ReceivedUpload, 'upload'> | undefined> {
  const handle = await open(path, 'r').catch(ignoreMissing);
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat({ bigint: true });
    const digest = sha256 ?? (await digestOf(handle.createReadStream({ start: 0, autoClose: false })));
    return { sizeBytes: Number(stats.size), sha256: digest, identity: fileIdentity(stats) };
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

/** An upload that was not written to for this long belongs to a process that is gone; a worker may look into it for minutes. */
const STALE_MS = 3_600_000;

/** Removes what uploads left behind when their process ended. Returns the names. */
export async function sweepUploads(folder: string, unfinished: ReadonlySet<string>, nowMs?: number): Promise<string[]> {
  const removed: string[] = [];
  const left = (await readdir(folder)).filter((name) => name.startsWith(UPLOAD_PREFIX) && !unfinished.has(name));
  const timeMs = left.length === 0 ? 0 : (nowMs ?? (await readFolderClock(folder)));
  for (const name of left) {
    const path = join(folder, name);
    // Another process may sweep at the same time.
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || !found.isFile() || timeMs - found.mtimeMs <= STALE_MS) continue;
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
