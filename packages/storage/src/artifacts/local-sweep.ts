import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY_PREFIX } from '@caissa/bytes';
import { artifactOf, exportFilenamePattern } from '@caissa/formats';
import { attemptOfDraft, jobOfAttempt, MANIFEST_SUFFIX } from './artifact-names.js';
import { readFolderClock } from './folder-clock.js';
import { exists, giveUpAttempt, pathsOfAttempt, readToken } from './local-attempt.js';
import { filesOf } from './manifest.js';

/** Files that only we name like this; others in the folder are left alone. */
const OUR_NAME = exportFilenamePattern();
/**
 * A file that has lain this long and belongs to nobody will not be anybody's: between the claim of a name and the token that
 * tells of it, an attempt does next to nothing.
 */
const ORPHAN_AGE_MS = 3600_000;

/** Removes from a folder what attempts at jobs that are over have left, and what belongs to no attempt. */
export async function sweepFolder(folder: string, isActive: (jobId: string) => Promise<boolean>): Promise<string[]> {
  // Only what was there before anybody was asked is removed: later attempts may be at it by then.
  const names = await readdir(folder);
  const removed: string[] = [];
  for (const attempt of new Set(names.map(attemptOfDraft))) {
    if (attempt === undefined || (await isActive(jobOfAttempt(attempt)))) continue;
    removed.push(...(await giveUpAttempt(folder, attempt)));
  }
  for (const name of await findOrphans(folder, names)) {
    await rm(join(folder, name), { force: true });
    removed.push(name);
  }
  return removed;
}

/** The files without a manifest that have lain there for long and that no attempt has claimed. */
async function findOrphans(folder: string, names: readonly string[]): Promise<string[]> {
  const present = new Set(names);
  const old = await selectOld(
    folder,
    names.filter((name) => name.startsWith(TEMPORARY_PREFIX) || isHalf(name, present)),
  );
  if (old.length === 0) return old;
  // Only now: what was claimed when it was looked at has a token since, or a manifest.
  const claimed = await readClaims(folder);
  const orphans: string[] = [];
  for (const name of old) if (!claimed.has(name) && !(await isWhole(folder, name))) orphans.push(name);
  return orphans;
}

async function selectOld(folder: string, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const nowMs = await readFolderClock(folder);
  const old: string[] = [];
  for (const name of names) {
    const found = await lstat(join(folder, name)).catch(() => undefined);
    // What was written long ago may have got its name only now.
    if (found?.isFile() && nowMs - Math.max(found.mtimeMs, found.ctimeMs) > ORPHAN_AGE_MS) old.push(name);
  }
  return old;
}

async function readClaims(folder: string): Promise<Set<string>> {
  const claimed = new Set<string>();
  for (const attempt of new Set((await readdir(folder)).map(attemptOfDraft))) {
    const manifest = attempt === undefined ? undefined : await readToken(pathsOfAttempt(folder, attempt).token);
    for (const { filename } of manifest === undefined ? [] : filesOf(manifest)) claimed.add(filename);
  }
  return claimed;
}

/** Whether a file is one half of an export whose other half is missing. */
function isHalf(name: string, present: ReadonlySet<string>): boolean {
  const other = otherHalf(name);
  return other !== undefined && !present.has(other);
}

async function isWhole(folder: string, name: string): Promise<boolean> {
  const other = otherHalf(name);
  return other !== undefined && (await exists(join(folder, other)));
}

/** What a file of an export needs to be seen: its manifest, or, for the manifest, its artifact. */
function otherHalf(name: string): string | undefined {
  if (name.endsWith(MANIFEST_SUFFIX)) {
    const artifact = name.slice(0, -MANIFEST_SUFFIX.length);
    return OUR_NAME.test(artifact) ? artifact : undefined;
  }
  return OUR_NAME.test(name) ? `${artifactOf(name)}${MANIFEST_SUFFIX}` : undefined;
}
