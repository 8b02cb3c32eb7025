import type { ListMultipartUploadsCommandOutput as UploadsPage } from '@aws-sdk/client-s3';
import type { ObjectStore } from './object-store.js';
import { callObjectStore, statusOf } from './object-store-error.js';

/** An upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** An upload of a listing. */
export interface ListedUpload extends OpenUpload {
  readonly beganAt: Date;
}

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  readonly ChecksumCRC32: string | undefined;
}

/** Size of every part but the last; stores want at least 5 MiB. */
export const PART_BYTES = 8 << 20;
/** Parts that an upload may have, by the protocol: enough for 78 GiB. */
export const MAX_PARTS = 10_000;

/** An object that is sent in parts. Nobody sees it before it is complete, and then as a whole. */
export class ObjectUpload implements OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #store: ObjectStore;
  readonly #parts: Part[] = [];
  #sizeBytes = 0;

  private constructor(store: ObjectStore, { key, uploadId }: OpenUpload) {
    this.#store = store;
    this.key = key;
    this.uploadId = uploadId;
  }

  /** Begins an upload. @throws AppError STORE_UNAVAILABLE, STORAGE_FULL */
  static begin(store: ObjectStore, key: string): Promise<ObjectUpload> {
    return callObjectStore(async () => {
      const { sdk, client } = store;
      const request = new sdk.CreateMultipartUploadCommand({
        ...store.at(key),
        ContentType: 'application/octet-stream',
        ChecksumAlgorithm: 'CRC32',
      });
      const { UploadId: uploadId } = await client.send(request);
      if (uploadId === undefined) throw new Error('the object store gave an upload no id');
      return new ObjectUpload(store, { key, uploadId });
    });
  }

  /**
   * Sends a part, whose checksum the store checks. Parts may be sent in any order and at once; `bytes` must not change
   * meanwhile. @throws AppError STORE_UNAVAILABLE, STORAGE_FULL
   */
  sendPart(partNumber: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return callObjectStore(async () => {
      const { sdk, client } = this.#store;
      const request = new sdk.UploadPartCommand({
        ...this.#store.at(this.key),
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

  /** Makes the object of its parts. @throws AppError STORE_UNAVAILABLE if somebody has aborted the upload */
  complete(): Promise<void> {
    return callObjectStore(async () => {
      const { sdk, client } = this.#store;
      const Parts = this.#parts.sort((left, right) => left.PartNumber - right.PartNumber);
      const request = new sdk.CompleteMultipartUploadCommand({
        ...this.#store.at(this.key),
        UploadId: this.uploadId,
        MultipartUpload: { Parts },
      });
      try {
        await client.send(request);
      } catch (error) {
        // The answer to a first try may have been lost: then the object is there, and the upload is not.
        const found = statusOf(error) === 404 ? await this.#store.head(this.key) : undefined;
        if (found?.sizeBytes !== this.#sizeBytes) throw error;
      }
    });
  }
}

/** Gives up an upload: what was sent of it is removed. One that is no longer open counts as given up. */
export async function abortUpload(store: ObjectStore, { key, uploadId }: OpenUpload): Promise<void> {
  await callObjectStore(async () => {
    const request = new store.sdk.AbortMultipartUploadCommand({ ...store.at(key), UploadId: uploadId });
    await store.client.send(request).catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
    });
  });
}

/** The open uploads of objects whose keys begin so. */
export async function* listUploads(store: ObjectStore, prefix: string): AsyncGenerator<ListedUpload> {
  const { Bucket, Key: Prefix } = store.at(prefix);
  let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const request = new store.sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...marker });
    const page: UploadsPage = await callObjectStore(() => store.client.send(request));
    for (const { Key: key = '', UploadId: uploadId, Initiated: beganAt = new Date() } of page.Uploads ?? []) {
      // Not every store heeds the prefix.
      if (uploadId !== undefined && key.startsWith(Prefix)) {
        yield { key: key.slice(store.location.prefix.length), uploadId, beganAt };
      }
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    const hasMore = page.IsTruncated === true && KeyMarker !== undefined;
    marker = hasMore ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) } : undefined;
  }
}
