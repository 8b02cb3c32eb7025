import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UPLOAD_PREFIX } from './upload-name.js';

/** An upload that was not written to for this long belongs to a process that is gone. */
const STALE_MS = 10 * 60_000;

/** Removes what uploads left behind when their process ended. Answers the names. */
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
