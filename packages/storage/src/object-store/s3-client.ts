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

/** See {@link OBJECT_STORE_SETTINGS}. */
export type ObjectStoreSettings = { readonly [P in (typeof OBJECT_STORE_SETTINGS)[number]]: SettingValue<P> };

/** The library that speaks to object stores. */
export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** A store that does not answer within this is tried again, and then given up; a job is retried later. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a connection may be silent: a part of an upload is answered well within that. */
const IDLE_TIMEOUT_MS = 30_000;
/** The first try included. Pauses grow to some seconds. */
const MAX_ATTEMPTS = 4;
/** Downloads that one API streams at once; more wait for a connection. */
const MAX_SOCKETS = 256;

/**
 * A client of the object store, and the library it comes from, which is loaded only then: who keeps files in a folder
 * starts without it. Credentials come from where AWS programs have them: environment, profile, container, machine.
 * @throws ConfigurationError if nothing tells the region
 */
export async function createS3Client(settings: ObjectStoreSettings): Promise<{ sdk: S3Sdk; client: S3Client }> {
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
  return { sdk, client };
}
