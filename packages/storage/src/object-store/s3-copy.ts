import { AppError } from '@caissa/shared/errors';
import pLimit from 'p-limit';
import type { OpenUpload, Original } from './object-store.js';
import type { S3Bucket } from './s3-client.js';
import { callS3, statusOf } from './s3-error.js';
import { abortUpload, createUpload } from './s3-upload.js';

/** What one request copies: little enough to be answered before anybody thinks that the connection is dead. */
const COPY_PART_BYTES = 128 << 20;
const COPIES_AT_ONCE = 4;

/** Says of an object which one it is a copy of. */
const ORIGIN = 'caissa-copy-of';

/**
 * Copies an object inside the store, unless there is one under the new name; it appears whole. Returns false if there is
 * one. The copy is made of parts, since stores agree on the condition only for objects that are completed from parts.
 * @param partBytes what one request copies; stores want 5 MiB at least
 * @throws AppError STORE_UNAVAILABLE, STORAGE_FULL
 */
export async function copyIfAbsent(
  bucket: S3Bucket,
  from: Original,
  to: string,
  partBytes = COPY_PART_BYTES,
): Promise<boolean> {
  return callS3(async () => {
    // A store that does not know the condition is at least asked before.
    if ((await originOf(bucket, to)) !== undefined) return false;
    const uploadId = await createUpload(bucket, to, { Metadata: { [ORIGIN]: from.key } });
    const upload = { key: to, uploadId };
    try {
      const isNew = await complete(bucket, from, upload, await copyParts(bucket, from, upload, partBytes));
      if (!isNew) await abortUpload(bucket, upload);
      return isNew;
    } catch (error) {
      await abortUpload(bucket, upload).catch(() => undefined);
      throw error;
    }
  });
}

interface CopiedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

async function copyParts(bucket: S3Bucket, from: Original, to: OpenUpload, partBytes: number): Promise<CopiedPart[]> {
  const { Bucket, Key } = bucket.at(from.key);
  const limit = pLimit(COPIES_AT_ONCE);
  const count = Math.max(Math.ceil(from.sizeBytes / partBytes), 1);
  const copyPart = async (index: number): Promise<CopiedPart> => {
    const start = index * partBytes;
    const end = Math.min(start + partBytes, from.sizeBytes) - 1;
    const request = new bucket.sdk.UploadPartCopyCommand({
      ...bucket.at(to.key),
      UploadId: to.uploadId,
      PartNumber: index + 1,
      CopySource: encodeURI(`${Bucket}/${Key}`),
      CopySourceIfMatch: from.etag,
      // Of a small object a range cannot be asked for.
      ...(count > 1 ? { CopySourceRange: `bytes=${start}-${end}` } : {}),
    });
    const { CopyPartResult } = await bucket.client.send(request);
    return { PartNumber: index + 1, ETag: CopyPartResult?.ETag };
  };
  const copies = await Promise.allSettled(Array.from({ length: count }, (_, index) => limit(() => copyPart(index))));
  return copies.map((copy) => {
    if (copy.status === 'rejected') throw copy.reason;
    return copy.value;
  });
}

/** Returns whether the object is the copy; false if another one has the name. */
async function complete(
  bucket: S3Bucket,
  from: Original,
  to: OpenUpload,
  parts: readonly CopiedPart[],
): Promise<boolean> {
  const request = new bucket.sdk.CompleteMultipartUploadCommand({
    ...bucket.at(to.key),
    UploadId: to.uploadId,
    MultipartUpload: { Parts: [...parts] },
    IfNoneMatch: '*',
  });
  try {
    await bucket.client.send(request);
    return true;
  } catch (error) {
    // The upload is no longer there, another one of the name is being completed, or there is an object of the name: it may
    // be our own, if the answer to a first try was lost.
    if (![404, 409, 412].includes(statusOf(error))) throw error;
    const origin = await originOf(bucket, to.key);
    if (origin === undefined) {
      throw new AppError('STORE_UNAVAILABLE', 'The object store did not complete a copy; try again in a moment.', {
        cause: error,
      });
    }
    return origin === from.key;
  }
}

/** What an object is a copy of; empty if it is none, nothing if there is no object. */
async function originOf(bucket: S3Bucket, key: string): Promise<string | undefined> {
  try {
    const { Metadata } = await bucket.client.send(new bucket.sdk.HeadObjectCommand(bucket.at(key)));
    return Metadata?.[ORIGIN] ?? '';
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
