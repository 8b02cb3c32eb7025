import { lstat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readRegularFile } from '@caissa/bytes';
import { DATA_SUFFIX } from '@caissa/formats';
import { draftPath, MANIFEST_SUFFIX } from './artifact-names.js';
import { filesOf, type Manifest, parseManifestText } from './manifest.js';

// What an attempt has in a folder: drafts under its own name, and, as soon as it has claimed a name for the export, its
// token. That is the manifest under a name that nobody reads. It lies there before the attempt asks whether it still has
// its job, and publishing is to rename it. So whoever has the job later finds it, takes it away, and ends the attempt
// wherever that is held up; and whoever did take it away, and nobody else, removes what lies under the claimed names.

/** Where the files of an attempt lie. */
export function pathsOfAttempt(folder: string, attempt: string) {
  const artifact = draftPath(folder, attempt);
  return {
    artifact,
    data: `${artifact}${DATA_SUFFIX}`,
    metadata: `${artifact}.metadata`,
    token: `${artifact}.manifest`,
  };
}

/** What an export whose attempt has taken the name is about to be, if it is not published yet and can be read. */
export async function readToken(path: string): Promise<Manifest | undefined> {
  const text = await readRegularFile(path);
  return text === undefined ? undefined : parseManifestText(text);
}

/** Path of the manifest that makes an artifact visible. */
export function manifestPath(folder: string, filename: string): string {
  return join(folder, `${filename}${MANIFEST_SUFFIX}`);
}

/**
 * Removes what an attempt has begun and not published. To be called by the attempt itself, by who has its job now, or when
 * nobody has. Returns the names of what was there.
 */
export async function giveUpAttempt(folder: string, attempt: string): Promise<string[]> {
  const { artifact, data, metadata, token } = pathsOfAttempt(folder, attempt);
  const names = claimedBy(await readToken(token));
  const removed: string[] = [];
  const remove = async (path: string) => {
    const isRemoved = await removeFile(path);
    if (isRemoved) removed.push(basename(path));
    return isRemoved;
  };
  const isTakenDown = await remove(token);
  // Before the visible names: a file of the attempt cannot be given one any more.
  for (const path of [metadata, data, artifact]) await remove(path);
  const holder = names.at(-1);
  // Whoever has cleared the folder by hand may have made the name another export's.
  if (!isTakenDown || holder === undefined || (await exists(manifestPath(folder, holder)))) return removed;
  for (const name of names) await remove(join(folder, name));
  return removed;
}

/** The files of an export, the one that holds the name of them all last. */
function claimedBy(manifest: Manifest | undefined): string[] {
  return manifest === undefined
    ? []
    : filesOf(manifest)
        .map(({ filename }) => filename)
        .reverse();
}

/** Whether there is anything of this name. */
export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'EISDIR')) return false;
    throw error;
  }
}

/** Whether an operation failed because there is nothing of that name. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
