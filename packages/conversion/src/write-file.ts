import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSink } from '@caissa/tensor';

/** Files of this prefix are on their way, or were left behind by a process that died. */
export const TEMPORARY_PREFIX = '.tmp-';

/**
 * Writes a file that appears whole or not at all, also after a loss of power: temporary name in the same folder, flush,
 * rename, flush of the folder. What `write` throws is thrown on, and nothing is left.
 */
export async function writeFileWhole<T>(path: string, write: (sink: ByteSink) => Promise<T>): Promise<T> {
  const folder = dirname(path);
  const temporary = join(folder, `${TEMPORARY_PREFIX}${randomBytes(8).toString('hex')}`);
  const handle = await open(temporary, 'wx');
  try {
    const result = await write(sinkOf(handle));
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
    await syncFolder(folder);
    return result;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Appends to a file. Writes that overlap in time keep the order of their calls, each at its own position. */
function sinkOf(handle: FileHandle): ByteSink {
  let end = 0;
  return {
    async write(chunk) {
      let position = end;
      end += chunk.length;
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, position);
        done += bytesWritten;
        position += bytesWritten;
      }
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
