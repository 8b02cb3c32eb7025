import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { attemptOfDraft, jobOfAttempt } from './artifact-names.js';

/** Names of the drafts on this machine that are of certain attempts. */
export async function listDrafts(folder: string, isWanted: (attempt: string) => boolean): Promise<string[]> {
  // Who has never begun a draft has no folder for them.
  const names = existsSync(folder) ? await readdir(folder) : [];
  return names.filter((name) => {
    const attempt = attemptOfDraft(name);
    return attempt !== undefined && isWanted(attempt);
  });
}

/** Removes drafts by their names. */
export async function removeDrafts(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true });
}

/** Removes the drafts of dead workers from this machine. */
export async function sweepSpool(folder: string, isActive: (jobId: string) => Promise<boolean>): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await listDrafts(folder, () => true)) {
    if (!(await isActive(jobOfAttempt(attemptOfDraft(name) ?? '')))) removed.push(name);
  }
  await removeDrafts(folder, removed);
  return removed;
}
