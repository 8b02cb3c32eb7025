import { lstat, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DraftFile, temporaryPath } from '@caissa/bytes';
import { EXIT } from './exit-codes.js';
import { CommandError } from './failure.js';

/** A file that is to get its name. */
export interface NamedDraft {
  readonly draft: Pick<DraftFile, 'publish'>;
  readonly path: string;
}

/** A file that gave up its name, and where it lies now. */
interface Aside {
  readonly path: string;
  readonly temporaryPath: string;
}

/**
 * Gives the files of an artifact their names, all or none, that of the artifact last: whoever sees it finds its metadata
 * and its data.
 * @throws CommandError EEXIST if a name is taken
 */
export async function publishFiles(files: readonly NamedDraft[]): Promise<void> {
  const named: string[] = [];
  try {
    for (const { draft, path } of files) {
      await draft.publish(path, { replace: false });
      named.push(path);
    }
  } catch (error) {
    for (const path of named) await rm(path, { force: true });
    const [{ path = '' } = {}] = files.slice(named.length);
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? isTaken(path) : error;
  }
}

/**
 * Does as {@link publishFiles} does in place of the files that are there. The artifact that was there goes first and the
 * new one comes last, so that none ever stands beside what belongs to the other, also when the process is killed meanwhile.
 * @param before paths that the artifact before may have, itself first
 * @throws CommandError EISDIR if a folder has one of the names
 */
export async function replaceFiles(files: readonly NamedDraft[], before: readonly string[]): Promise<void> {
  const [only, ...others] = files;
  // One file takes the place of another at once.
  if (only !== undefined && others.length === 0) return only.draft.publish(only.path, { replace: true });
  const aside: Aside[] = [];
  try {
    for (const path of before) {
      if (await isThere(path)) aside.push(await setAside(path));
    }
    await publishFiles(files);
  } catch (error) {
    for (const { path, temporaryPath } of aside.reverse()) await rename(temporaryPath, path);
    throw error;
  }
  for (const { temporaryPath } of aside) await rm(temporaryPath, { force: true });
}

/** @throws CommandError EEXIST if there is something of this name */
export async function refuseTaken(path: string): Promise<void> {
  if (await isThere(path)) throw isTaken(path);
}

async function setAside(path: string): Promise<Aside> {
  if ((await lstat(path)).isDirectory()) throw new CommandError(EXIT.files, 'EISDIR', `${path} is a folder.`);
  const aside = { path, temporaryPath: temporaryPath(dirname(path)) };
  await rename(path, aside.temporaryPath);
  return aside;
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function isTaken(path: string): CommandError {
  return new CommandError(EXIT.files, 'EEXIST', `${path} exists already; --force replaces it.`);
}
