import { mediaTypeOf } from '@caissa/formats';
import type { ObjectStore } from './object-store.js';
import { callObjectStore } from './object-store-error.js';

/** How long an address holds for a download to begin; one that has begun goes on. */
const VALID_SECONDS = 300;

/** An address where whoever has it can download an object under a name. */
export function presignDownload(store: ObjectStore, key: string, filename: string): Promise<string> {
  return callObjectStore(async () => {
    // Only where downloads are presigned: others need not wait for what does it.
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
    const request = new store.sdk.GetObjectCommand({
      ...store.at(key),
      ResponseContentDisposition: `attachment; filename="${filename}"`,
      ResponseContentType: mediaTypeOf(filename),
    });
    return getSignedUrl(store.client, request, { expiresIn: VALID_SECONDS });
  });
}
