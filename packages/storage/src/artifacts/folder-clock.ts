import { open, rm } from 'node:fs/promises';
import { temporaryPath } from '@caissa/bytes';

/**
 * What the clock says by which a folder dates its files, in milliseconds since 1970: with a folder of another machine it is
 * not this machine's.
 */
export async function readFolderClock(folder: string): Promise<number> {
  const path = temporaryPath(folder);
  const file = await open(path, 'wx');
  try {
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
