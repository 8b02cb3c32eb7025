import type {
  CreateMultipartUploadCommandInput,
  ListMultipartUploadsCommandOutput as UploadsPage,
} from '@aws-sdk/client-s3';
import type { ListedUpload, ObjectUpload, OpenUpload } from './object-store.js';
import type { S3Bucket } from './s3-client.js';
import { callS3, statusOf } from './s3-error.js';

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumCRC32: string | undefined;
}

class S3Upload implements ObjectUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #bucket: S3Bucket;
  readonly #parts: Part[] = [];
  #sizeBytes = 0;

  constructor(bucket: S3Bucket, { key, uploadId }: OpenUpload) {
    this.#bucket = bucket;
    this.key = key;
    this.uploadId = uploadId;
  }

  sendPart(partNumber: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return callS3(async () => {
      const { sdk, client } = this.#bucket;
      const request = new sdk.UploadPartCommand({
        ...this.#bucket.at(this.key),
        UploadId: this.uploadId,
        PartNumber: partNumber,
        Body: bytes,
        ContentLength: bytes.length,
        ChecksumAlgorithm: 'CRC32',
      });
      const { ETag, ChecksumCRC32 } = await client.send(request, { abortSignal: signal });
      this.#parts.push({ PartNumber: partNumber, ETag, ChecksumCRC32 });
      this.#sizeBytes += bytes.length;
    });
  }

  complete(): Promise<void> {
    return callS3(async () => {
      const { sdk, client } = this.#bucket;
      try {
        await this.#complete({});
      } catch (error) {
        // The answer to a first try may have been lost: then the object is there, and the upload is not.
        if (statusOf(error) !== 404) throw error;
        const found = await client.send(new sdk.HeadObjectCommand(this.#bucket.at(this.key))).catch(() => undefined);
        if (found?.ContentLength !== this.#sizeBytes) throw error;
      }
    });
  }

  completeIfAbsent(): Promise<'completed' | 'taken' | 'gone'> {
    return callS3(async () => {
      try {
        await this.#complete({ IfNoneMatch: '*' });
        return 'completed';
      } catch (error) {
        const status = statusOf(error);
        if (status === 412) return 'taken';
        if (status !== 404 && status !== 409) throw error;
        return 'gone';
      }
    });
  }

  async #complete(condition: { readonly IfNoneMatch?: '*' }): Promise<void> {
    const Parts = this.#parts.sort((left, right) => left.PartNumber - right.PartNumber);
    const request = new this.#bucket.sdk.CompleteMultipartUploadCommand({
      ...this.#bucket.at(this.key),
      UploadId: this.uploadId,
      MultipartUpload: { Parts },
      ...condition,
    });
    await this.#bucket.client.send(request);
  }
}

/** Begins to send an object in parts. @throws AppError STORE_UNAVAILABLE, STORAGE_FULL */
export function beginUpload(
  bucket: S3Bucket,
  key: string,
  ContentType = 'application/octet-stream',
): Promise<ObjectUpload> {
  return callS3(async () => {
    const uploadId = await createUpload(bucket, key, { ChecksumAlgorithm: 'CRC32', ContentType });
    return new S3Upload(bucket, { key, uploadId });
  });
}

/** Begins an upload and returns its id. */
export async function createUpload(
  bucket: S3Bucket,
  key: string,
  options: Pick<CreateMultipartUploadCommandInput, 'ChecksumAlgorithm' | 'ContentType' | 'Metadata'>,
): Promise<string> {
  const request = new bucket.sdk.CreateMultipartUploadCommand({
    ...bucket.at(key),
    ContentType: 'application/octet-stream',
    ...options,
  });
  const { UploadId: uploadId } = await bucket.client.send(request);
  if (uploadId === undefined) throw new Error('the object store gave an upload no id');
  return uploadId;
}

/** Gives up an upload: what was sent of it is removed. One that is no longer open counts as given up. */
export async function abortUpload(bucket: S3Bucket, { key, uploadId }: OpenUpload): Promise<void> {
  await callS3(async () => {
    const request = new bucket.sdk.AbortMultipartUploadCommand({ ...bucket.at(key), UploadId: uploadId });
    await bucket.client.send(request).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
    });
  });
}

/** The open uploads of objects whose keys begin so. */
export async function* listUploads(bucket: S3Bucket, prefix: string): AsyncGenerator<ListedUpload> {
  const { Bucket, Key: Prefix } = bucket.at(prefix);
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const request = new bucket.sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...marker });
    const page: UploadsPage = await callS3(() => bucket.client.send(request));
    for (const { Key: key = '', UploadId: uploadId, Initiated: beganAt = new Date() } of page.Uploads ?? []) {
      // Not every store heeds the prefix.
      if (uploadId !== undefined && key.startsWith(Prefix)) {
        yield { key: key.slice(bucket.prefix.length), uploadId, beganAt };
      }
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    const hasMore = page.IsTruncated === true && KeyMarker !== undefined;
    marker = hasMore ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) } : undefined;
  }
}
