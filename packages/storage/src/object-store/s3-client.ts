import type { S3Client } from '@aws-sdk/client-s3';
import type { SettingName, SettingValue } from '@caissa/shared/settings';
import { ConfigurationError } from '@caissa/shared/settings';

/** The settings that say where the object store is and how it is spoken to. */
export const OBJECT_STORE_SETTINGS = [
  'STORAGE_URL',
  'S3_ENDPOINT',
  'S3_REGION',
  'S3_FORCE_PATH_STYLE',
  'S3_PRESIGNED_DOWNLOADS',
] as const satisfies readonly SettingName[];

/** The values of {@link OBJECT_STORE_SETTINGS}. */
export type ObjectStoreSettings = { readonly [P in (typeof OBJECT_STORE_SETTINGS)[number]]: SettingValue<P> };

/** A bucket, and what every key in it that is ours begins with. */
export interface BucketLocation {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

/** How to speak to a bucket. */
export interface S3Bucket extends BucketLocation {
  readonly client: S3Client;
  /** The library that `client` is of. */
  readonly sdk: typeof import('@aws-sdk/client-s3');
  /** Bucket and whole key of an object, as requests name it. */
  at(key: string): { Bucket: string; Key: string };
}

/** A store that does not answer within this is tried again, and then given up; a job is retried later. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a connection may be silent: a part of an upload is answered well within that. */
const IDLE_TIMEOUT_MS = 30_000;
/** The first try included. Pauses grow to some seconds. */
const MAX_ATTEMPTS = 4;
/** Downloads that one API streams at once; more wait for a connection. */
const MAX_SOCKETS = 256;

/**
 * Gets ready to speak to a bucket by Amazon's library, which is loaded only then: who keeps files in a folder starts
 * without it. Credentials come from where AWS programs have them: environment, profile, container, machine.
 * @throws ConfigurationError if nothing tells the region
 */
export async function openS3Bucket(
  { bucket, prefix }: BucketLocation,
  settings: ObjectStoreSettings,
): Promise<S3Bucket> {
  const sdk = await import('@aws-sdk/client-s3');
  const { S3_ENDPOINT: endpoint, S3_REGION: region, S3_FORCE_PATH_STYLE: forcePathStyle } = settings;
  const client = new sdk.S3Client({
    ...(endpoint === '' ? {} : { endpoint, region: 'us-east-1' }),
    ...(region === '' ? {} : { region }),
    forcePathStyle,
    maxAttempts: MAX_ATTEMPTS,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    },
  });
  await client.config.region().catch((error: unknown) => {
    throw new ConfigurationError('The region of the object store is not known: set S3_REGION.', { cause: error });
  });
  return { bucket, prefix, client, sdk, at: (key) => ({ Bucket: bucket, Key: `${prefix}${key}` }) };
}
