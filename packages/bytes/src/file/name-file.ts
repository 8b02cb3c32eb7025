import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Coalesced } from '../coalesced.js';

/** Files of this prefix are on their way, or were left behind by a process that died. */
export const TEMPORARY_PREFIX = '.tmp-';

/** What file systems without hard links say. */
const NO_LINKS = new Set<unknown>(['EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** The few folders that this process writes to. */
const syncs = new Map<string, Coalesced<void>>();

/** A path in a folder that nobody uses or looks for. */
export function temporaryPath(folder: string): string {
  return join(folder, `${TEMPORARY_PREFIX}${randomUUID()}`);
}

/**
 * Gives a file that is on the disk its name, in the same folder, also after a loss of power. It appears whole and at once;
 * on a file system without hard links an empty file may be seen before it, and stay if the process dies just then.
 * @param makeLink what makes hard links, which not every file system has
 * @throws EEXIST if there is a file of this name and it may not be replaced
 */
export async function nameFile(
  from: string,
  to: string,
  { replace, makeLink = link }: { readonly replace: boolean; readonly makeLink?: typeof link },
): Promise<void> {
  if (replace) await rename(from, to);
  else await appear(from, to, makeLink);
  await syncFolder(dirname(to));
}

async function appear(from: string, to: string, makeLink: typeof link): Promise<void> {
  try {
    await makeLink(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NO_LINKS.has(error.code))) throw error;
    return claimAndRename(from, to);
  }
  await rm(from);
}

/** Without links the name is taken by an empty file, which the finished one replaces. */
async function claimAndRename(from: string, to: string): Promise<void> {
  await (await open(to, 'wx')).close();
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

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
