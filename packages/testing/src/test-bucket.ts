import { randomBytes } from 'node:crypto';
import { type ObjectStore, type ObjectStoreSettings, openObjectStore } from '@caissa/storage';

/** The settings for a bucket of a store at `endpoint`. */
export function bucketSettings(endpoint: string, storageUrl: string): ObjectStoreSettings {
  return {
    STORAGE_URL: storageUrl,
    S3_ENDPOINT: endpoint,
    S3_REGION: '',
    S3_FORCE_PATH_STYLE: true,
    S3_PRESIGNED_DOWNLOADS: false,
  };
}

/** A prefix of a new bucket. */
export async function makeBucket(endpoint: string): Promise<ObjectStore> {
  const bucket = `test-${randomBytes(8).toString('hex')}`;
  const { ok, status } = await fetch(`${endpoint}/${bucket}`, { method: 'PUT' });
  const store = await openObjectStore(bucketSettings(endpoint, `s3://${bucket}/some/prefix`));
  if (!ok || store === undefined) throw new Error(`the bucket cannot be used (${status})`);
  return store;
}

/** Keys of all objects, in their order, but for the one that says which store it is. */
export async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) if (!key.endsWith('.caissa-store')) keys.push(key);
  return keys;
}
