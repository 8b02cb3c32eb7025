import type {
  CreateMultipartUploadCommandInput,
  ListPartsCommandOutput as PartsPage,
  ListMultipartUploadsCommandOutput as UploadsPage,
} from '@aws-sdk/client-s3';
import type { ListedUpload, ObjectUpload, OpenUpload, ReopenedUpload } from './object-store.js';
import type { S3Bucket } from './s3-client.js';
import { callS3, statusOf } from './s3-error.js';

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumCRC32: string | undefined;
}

/** A part that has arrived. */
interface ArrivedPart extends Part {
  readonly sizeBytes: number;
  readonly arrivedAt: Date;
}

class S3Upload implements ObjectUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #bucket: S3Bucket;
  readonly #parts: Part[];
  #sizeBytes: number;

  constructor(bucket: S3Bucket, { key, uploadId }: OpenUpload, arrived: readonly ArrivedPart[] = []) {
    this.#bucket = bucket;
    this.key = key;
    this.uploadId = uploadId;
    this.#parts = arrived.map(({ PartNumber, ETag, ChecksumCRC32 }) => ({ PartNumber, ETag, ChecksumCRC32 }));
    this.#sizeBytes = arrived.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
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

class ReopenedS3Upload extends S3Upload implements ReopenedUpload {
  readonly partBytes: readonly number[];
  readonly lastPartAt: Date | undefined;

  constructor(bucket: S3Bucket, open: OpenUpload, arrived: readonly ArrivedPart[]) {
    const firstMissing = arrived.findIndex(({ PartNumber }, index) => PartNumber !== index + 1);
    const inOrder = firstMissing === -1 ? arrived : arrived.slice(0, firstMissing);
    super(bucket, open, inOrder);
    this.partBytes = inOrder.map(({ sizeBytes }) => sizeBytes);
    this.lastPartAt = arrived.map(({ arrivedAt }) => arrivedAt).reduce<Date | undefined>(later, undefined);
  }
}

function later(left: Date | undefined, right: Date): Date {
  return left === undefined || right > left ? right : left;
}

/** The open upload of an object, if there is one. @throws AppError STORE_UNAVAILABLE */
export async function reopenUpload(bucket: S3Bucket, key: string): Promise<ReopenedUpload | undefined> {
  for await (const open of listUploads(bucket, key)) {
    const arrived = open.key === key ? await listParts(bucket, open) : undefined;
    if (arrived !== undefined) return new ReopenedS3Upload(bucket, open, arrived);
  }
  return undefined;
}

/** The parts of an upload that have arrived, in order; undefined if it is no longer open. */
async function listParts(bucket: S3Bucket, { key, uploadId }: OpenUpload): Promise<ArrivedPart[] | undefined> {
  const parts: ArrivedPart[] = [];
  let marker: string | undefined;
  do {
    const more = marker === undefined ? {} : { PartNumberMarker: marker };
    const request = new bucket.sdk.ListPartsCommand({ ...bucket.at(key), UploadId: uploadId, ...more });
    const page: PartsPage | undefined = await callS3(() =>
      bucket.client.send(request).catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error;
        return undefined;
      }),
    );
    if (page === undefined) return undefined;
    for (const { PartNumber = 0, ETag, ChecksumCRC32, Size: sizeBytes = 0, LastModified = new Date() } of page.Parts ??
      [])
      parts.push({ PartNumber, ETag, ChecksumCRC32, sizeBytes, arrivedAt: LastModified });
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return parts;
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
