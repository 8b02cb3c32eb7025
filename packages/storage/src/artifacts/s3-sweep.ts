import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedObject, ObjectStore } from '../object-store/object-store.js';
import { draftOwner, jobOfAttempt, MANIFEST_SUFFIX } from './artifact-names.js';
import { attemptOf, EXPORTS, OBJECTS, objectKey, readStoredManifest } from './s3-layout.js';

/**
 * Objects that have lain this long without a note of their publication are looked at: a commit takes seconds, and the
 * clocks of store and machine agree within minutes, or requests would be refused.
 */
const ORPHAN_AGE_MS = 30 * 60_000;

type IsActive = (jobId: string) => Promise<boolean>;

/** Removes the drafts of dead workers from this machine. */
export async function sweepSpool(folder: string, isActive: IsActive): Promise<string[]> {
  const removed: string[] = [];
  // Who has never begun a draft has no folder for them.
  for (const name of existsSync(folder) ? await readdir(folder) : []) {
    const jobId = draftOwner(name);
    if (jobId === undefined || (await isActive(jobId))) continue;
    await rm(join(folder, name), { force: true });
    removed.push(name);
  }
  return removed;
}

/** Removes what dead workers left in the object store: uploads that are still open, and objects of no artifact. */
export async function sweepObjects(store: ObjectStore, isActive: IsActive): Promise<string[]> {
  const removed: string[] = [];
  for await (const upload of store.listUploads(OBJECTS)) {
    if (await isActive(jobOfAttempt(attemptOf(upload.key)))) continue;
    await store.abortUpload(upload);
    removed.push(upload.key);
  }
  const unnoted = await findUnnoted(store, isActive);
  if (unnoted.size === 0) return removed;
  // Only now, after all of these jobs were over: what they have published is there to be seen.
  for await (const attempt of publishedAttempts(store)) {
    if (unnoted.delete(attempt)) await store.put(objectKey(attempt, 'published'), '');
  }
  for (const keys of unnoted.values()) {
    await store.remove(keys);
    removed.push(...keys);
  }
  return removed;
}

/** The objects of attempts that are over, and of which nothing says that they were published. */
async function findUnnoted(store: ObjectStore, isActive: IsActive): Promise<Map<string, string[]>> {
  const unnoted = new Map<string, string[]>();
  const consider = async (attempt: string, objects: readonly ListedObject[]) => {
    if (objects.some(({ key }) => key === objectKey(attempt, 'published'))) return;
    if (objects.some(({ modifiedAt }) => Date.now() - modifiedAt.getTime() < ORPHAN_AGE_MS)) return;
    if (await isActive(jobOfAttempt(attempt))) return;
    unnoted.set(
      attempt,
      objects.map(({ key }) => key),
    );
  };
  let current: { readonly attempt: string; readonly objects: ListedObject[] } | undefined;
  for await (const object of store.list(OBJECTS)) {
    const attempt = attemptOf(object.key);
    if (current?.attempt !== attempt) {
      if (current) await consider(current.attempt, current.objects);
      current = { attempt, objects: [] };
    }
    current.objects.push(object);
  }
  if (current) await consider(current.attempt, current.objects);
  return unnoted;
}

async function* publishedAttempts(store: ObjectStore): AsyncGenerator<string> {
  for await (const { key } of store.list(EXPORTS, '/')) {
    if (!key.endsWith(MANIFEST_SUFFIX)) continue;
    const stored = await readStoredManifest(store, key.slice(EXPORTS.length, -MANIFEST_SUFFIX.length));
    if (stored?.attempt !== undefined) yield stored.attempt;
  }
}
