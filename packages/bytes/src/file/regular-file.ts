import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** What the system says of a path that leads to no file, or to a symlink, a socket or a name too long. */
const NOT_A_FILE = new Set<unknown>(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ENAMETOOLONG']);

/** A regular file, open for reading. */
export interface RegularFile {
  readonly handle: FileHandle;
  readonly stats: Stats;
}

/** Opens a regular file for reading. A symlink, folder, pipe or socket in its place counts as no file. */
export async function openRegularFile(path: string): Promise<RegularFile | undefined> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK the opening of a pipe waits for somebody who writes to it.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_A_FILE.has(error.code)) return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat();
    if (stats.isFile()) return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** The text of a small regular file, if there is one. */
export async function readRegularFile(path: string): Promise<string | undefined> {
  const opened = await openRegularFile(path);
  if (!opened) return undefined;
  try {
    return await opened.handle.readFile('utf8');
  } finally {
    await opened.handle.close();
  }
}
