import { randomBytes } from 'node:crypto';
import { createS3Client, ObjectStore, type ObjectStoreSettings } from '@caissa/storage';

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
  const { client, sdk } = await createS3Client(bucketSettings(endpoint, ''));
  await client.send(new sdk.CreateBucketCommand({ Bucket: bucket }));
  return new ObjectStore({ bucket, prefix: 'some/prefix/' }, { client, sdk });
}

/** Keys of all objects, in their order. */
export async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}
