import type { ObjectStore } from './object-store.js';
import type { BucketLocation, ObjectStoreSettings } from './s3-client.js';
import { S3ObjectStore } from './s3-object-store.js';

/** Where a `STORAGE_URL` that has passed its check points to; undefined for the empty one, which is the local folder. */
export function parseStorageUrl(storageUrl: string): BucketLocation | undefined {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(storageUrl) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: path === '' ? '' : `${path}/` };
}

/** Opens the object store that the settings name, if they name one. Nothing is asked of it yet. @throws ConfigurationError */
export async function openObjectStore(settings: ObjectStoreSettings): Promise<ObjectStore | undefined> {
  const location = parseStorageUrl(settings.STORAGE_URL);
  return location && S3ObjectStore.open(location, settings);
}
