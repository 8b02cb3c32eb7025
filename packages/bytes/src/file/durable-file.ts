import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Coalesced } from '../coalesced.js';

/** The few folders that this process writes to. */
const syncs = new Map<string, Coalesced<void>>();

/**
 * Makes what was renamed or created in a folder survive a loss of power. Those who ask while the disk is at it share the
 * next time, which begins after they asked.
 */
export function syncFolder(folder: string): Promise<void> {
  const sync = syncs.get(folder) ?? new Coalesced(() => syncOnce(folder));
  syncs.set(folder, sync);
  return sync.get();
}

async function syncOnce(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a small file so that readers see the old one, the new one, or none, and never a part. It appears only when
 * `before` has been fulfilled, and not at all if that is rejected.
 */
export async function writeFileDurably(
  path: string,
  text: string,
  before: Promise<void> = Promise.resolve(),
): Promise<void> {
  const temporary = join(dirname(path), `.tmp-${randomUUID()}`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx');
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    handle = undefined;
    await before;
    await rename(temporary, path);
  } catch (error) {
    // The reason is what went wrong first.
    await handle?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
