import type { ListedObject, ObjectStore, OpenUpload } from '../object-store/object-store.js';
import { jobOfAttempt, MANIFEST_SUFFIX } from './artifact-names.js';
import { attemptOf, EXPORTS, OBJECTS, objectKey, readStoredManifest } from './s3-layout.js';

type IsActive = (jobId: string) => Promise<boolean>;

/**
 * Removes what dead workers left in the object store: uploads that are still open, and objects of no artifact. Whether a
 * job is over is asked of each attempt after that was found: a job may be done once more at any time, by other attempts.
 */
export async function sweepObjects(store: ObjectStore, isActive: IsActive): Promise<string[]> {
  const removed: string[] = [];
  for await (const upload of store.listUploads(OBJECTS)) {
    if (await isActive(jobOfAttempt(attemptOf(upload.key)))) continue;
    await store.abortUpload(upload);
    removed.push(upload.key);
  }
  const unnoted = await findUnnoted(store, isActive);
  await abortTokens(store);
  if (unnoted.size === 0) return removed;
  // Only now, after all of these jobs were over and can publish nothing more: what they have published is there to be seen.
  for await (const attempt of publishedAttempts(store)) {
    if (unnoted.delete(attempt)) await store.put(objectKey(attempt, 'published'), '');
  }
  for (const keys of unnoted.values()) {
    await store.remove(keys);
    removed.push(...keys);
  }
  return removed;
}

/**
 * Aborts what is about to become a manifest: an attempt that was held up just then may have lost its job, and whose an
 * upload is cannot be told. Attempts that still have theirs make it anew.
 */
async function abortTokens(store: ObjectStore): Promise<void> {
  const tokens: OpenUpload[] = [];
  for await (const upload of store.listUploads(EXPORTS)) if (!upload.key.startsWith(OBJECTS)) tokens.push(upload);
  for (const token of tokens) await store.abortUpload(token);
}

/** The objects of attempts that are over, and of which nothing says that they were published. */
async function findUnnoted(store: ObjectStore, isActive: IsActive): Promise<Map<string, string[]>> {
  const unnoted = new Map<string, string[]>();
  const consider = async (attempt: string, objects: readonly ListedObject[]) => {
    // A note by itself is of an export that was removed when it was noted.
    if (objects.length > 1 && objects.some(({ key }) => key === objectKey(attempt, 'published'))) return;
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
