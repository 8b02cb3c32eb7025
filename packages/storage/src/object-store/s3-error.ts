import type { ErrorCode } from '@caissa/shared/errors';
import { AppError, toAppError } from '@caissa/shared/errors';
import { UploadGoneError } from './object-store.js';

const REFUSED =
  'The object store refuses the credentials, or what they may do is not enough: correct them, or the rights on the bucket.';

/** What a bucket that is missing is answered with. */
export const NO_BUCKET = 'The object store has no such bucket: create it, or correct STORAGE_URL.';

const FULL = 'The object store is full, or a quota is used up: free some space, then try again.';

/** What stores call their refusals, where the status alone does not say what to do. */
const BY_NAME = new Map<string, { code: ErrorCode; message: string }>([
  ['NoSuchBucket', { code: 'STORE_UNAVAILABLE', message: NO_BUCKET }],
  [
    'CredentialsProviderError',
    {
      code: 'STORE_UNAVAILABLE',
      message:
        'No credentials for the object store were found: give the machine a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    },
  ],
  ['QuotaExceeded', { code: 'STORAGE_FULL', message: FULL }],
  ['XMinioStorageFull', { code: 'STORAGE_FULL', message: FULL }],
]);

/** HTTP status that the store answered with, 0 if none came. */
export function statusOf(thrown: unknown): number {
  if (!(thrown instanceof Error && '$metadata' in thrown)) return 0;
  const { $metadata: metadata } = thrown;
  const status = typeof metadata === 'object' && metadata && 'httpStatusCode' in metadata && metadata.httpStatusCode;
  return typeof status === 'number' ? status : 0;
}

/** Gives what went wrong between us and the object store its code. What did not come from there keeps its own. */
function toObjectStoreError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && thrown.name === 'NoSuchUpload') return new UploadGoneError(thrown);
  const known = thrown instanceof Error ? BY_NAME.get(thrown.name) : undefined;
  if (known) return new AppError(known.code, known.message, { cause: thrown });
  const status = statusOf(thrown);
  if (status === 507) return new AppError('STORAGE_FULL', FULL, { cause: thrown });
  if (status === 401 || status === 403) return new AppError('STORE_UNAVAILABLE', REFUSED, { cause: thrown });
  // The library notes on every error of a request, also one of the network, how often it was tried.
  if (thrown instanceof Error && ('$metadata' in thrown || thrown.name === 'AbortError')) {
    const said = status === 0 ? 'cannot be reached' : `answers with status ${status}`;
    return new AppError(
      'STORE_UNAVAILABLE',
      `The object store ${said}; try again in a moment, or look at the network and at S3_ENDPOINT.`,
      { cause: thrown },
    );
  }
  return toAppError(thrown);
}

/** Runs requests to the object store and gives their failures a code. @throws AppError STORE_UNAVAILABLE, STORAGE_FULL */
export async function callS3<T>(requests: () => Promise<T>): Promise<T> {
  try {
    return await requests();
  } catch (error) {
    throw toObjectStoreError(error);
  }
}
