import { Readable } from 'node:stream';
import { mediaTypeOf } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import type {
  GetOptions,
  ListedObject,
  ListedUpload,
  ObjectInfo,
  ObjectStore,
  ObjectUpload,
  OpenUpload,
  Original,
  PutOptions,
  ReceivedObject,
  ReopenedUpload,
} from './object-store.js';
import { type BucketLocation, type ObjectStoreSettings, openS3Bucket, type S3Bucket } from './s3-client.js';
import { copyIfAbsent } from './s3-copy.js';
import { callS3, NO_BUCKET, statusOf } from './s3-error.js';
import { abortUpload, beginUpload, listUploads, reopenUpload } from './s3-upload.js';

/** How long an address holds for a download to begin; one that has begun goes on. */
const PRESIGNED_SECONDS = 300;

/** How often a conditional write that met another one is tried. */
const CONFLICT_ATTEMPTS = 10;
const CONFLICT_PAUSE_MS = 100;

/** A bucket of Amazon S3, or of a store that speaks its protocol. */
export class S3ObjectStore implements ObjectStore {
  readonly #bucket: S3Bucket;

  private constructor(bucket: S3Bucket) {
    this.#bucket = bucket;
  }

  /** Opens a bucket, of which nothing is asked yet. @throws ConfigurationError if nothing tells the region */
  static async open(location: BucketLocation, settings: ObjectStoreSettings): Promise<S3ObjectStore> {
    return new S3ObjectStore(await openS3Bucket(location, settings));
  }

  addressOf(key: string): string {
    const { Bucket, Key } = this.#bucket.at(key);
    return `s3://${Bucket}/${Key}`;
  }

  async check(): Promise<void> {
    await callS3(() =>
      this.#bucket.client
        .send(new this.#bucket.sdk.HeadBucketCommand({ Bucket: this.#bucket.bucket }))
        .catch((error: unknown) => {
          if (statusOf(error) !== 404) throw error;
          throw new AppError('STORE_UNAVAILABLE', NO_BUCKET, { cause: error });
        }),
    );
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return callS3(async () => {
      const found = await this.#bucket.client
        .send(new this.#bucket.sdk.HeadObjectCommand(this.#bucket.at(key)))
        .catch(absent);
      return found && infoOf(found);
    });
  }

  get(key: string, { range, etag, signal }: GetOptions = {}): Promise<ReceivedObject | undefined> {
    return callS3(async () => {
      const request = new this.#bucket.sdk.GetObjectCommand({
        ...this.#bucket.at(key),
        ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
        ...(etag === undefined ? {} : { IfMatch: etag }),
      });
      const found = await this.#bucket.client.send(request, signal ? { abortSignal: signal } : {}).catch(absent);
      if (!(found?.Body instanceof Readable)) return undefined;
      return { ...infoOf(found), body: found.Body };
    });
  }

  async getText(key: string): Promise<string | undefined> {
    const found = await this.get(key);
    return found && callS3(async () => Buffer.concat(await found.body.toArray()).toString());
  }

  presign(key: string, filename: string): Promise<string> {
    return callS3(async () => {
      // Only where downloads are presigned: others need not wait for what does it.
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const request = new this.#bucket.sdk.GetObjectCommand({
        ...this.#bucket.at(key),
        ResponseContentDisposition: `attachment; filename="${filename}"`,
        ResponseContentType: mediaTypeOf(filename),
      });
      return getSignedUrl(this.#bucket.client, request, { expiresIn: PRESIGNED_SECONDS });
    });
  }

  put(key: string, content: Uint8Array | string, options: PutOptions = {}): Promise<boolean> {
    const { contentType, onlyIfAbsent = false, signal } = options;
    const body = typeof content === 'string' ? Buffer.from(content) : content;
    return callS3(async () => {
      for (let attempt = 1; ; attempt++) {
        const request = new this.#bucket.sdk.PutObjectCommand({
          ...this.#bucket.at(key),
          Body: body,
          // The library does not see it of an empty one.
          ContentLength: body.length,
          ChecksumAlgorithm: 'CRC32',
          ...(contentType === undefined ? {} : { ContentType: contentType }),
          ...(onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
        });
        try {
          await this.#bucket.client.send(request, signal ? { abortSignal: signal } : {});
          return true;
        } catch (error) {
          if (onlyIfAbsent && statusOf(error) === 412) return false;
          // Another conditional write of the same name is under way: it is known soon which of them came first.
          if (!onlyIfAbsent || statusOf(error) !== 409 || attempt === CONFLICT_ATTEMPTS) throw error;
          await new Promise((resolve) => setTimeout(resolve, CONFLICT_PAUSE_MS * attempt));
        }
      }
    });
  }

  async *list(prefix: string, delimiter?: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const { Bucket, Key: Prefix } = this.#bucket.at(prefix);
      const more = { ...(delimiter ? { Delimiter: delimiter } : {}), ...(token ? { ContinuationToken: token } : {}) };
      const request = new this.#bucket.sdk.ListObjectsV2Command({ Bucket, Prefix, ...more });
      const page = await callS3(() => this.#bucket.client.send(request));
      for (const { Key = '', Size = 0, ETag = '', LastModified = new Date(0) } of page.Contents ?? []) {
        const key = Key.slice(this.#bucket.prefix.length);
        yield { key, sizeBytes: Size, etag: ETag, modifiedAt: LastModified };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async remove(keys: readonly string[]): Promise<void> {
    // Not many in one request: stores do not agree on the checksum that it needs.
    for (const key of keys) {
      await callS3(() =>
        this.#bucket.client.send(new this.#bucket.sdk.DeleteObjectCommand(this.#bucket.at(key))).catch(absent),
      );
    }
  }

  copyIfAbsent(from: Original, to: string, partBytes?: number): Promise<boolean> {
    return copyIfAbsent(this.#bucket, from, to, partBytes);
  }

  beginUpload(key: string, contentType?: string): Promise<ObjectUpload> {
    return beginUpload(this.#bucket, key, contentType);
  }

  reopenUpload(key: string): Promise<ReopenedUpload | undefined> {
    return reopenUpload(this.#bucket, key);
  }

  abortUpload(upload: OpenUpload): Promise<void> {
    return abortUpload(this.#bucket, upload);
  }

  listUploads(prefix: string): AsyncGenerator<ListedUpload> {
    return listUploads(this.#bucket, prefix);
  }

  close(): void {
    this.#bucket.client.destroy();
  }
}

/** No object, or not the one that was wanted, is an answer. A bucket that is missing is not. */
function absent(error: unknown): undefined {
  const missing = statusOf(error) === 404 && !(error instanceof Error && error.name === 'NoSuchBucket');
  if (!missing && statusOf(error) !== 412) throw error;
  return undefined;
}

function infoOf(answer: {
  ContentLength?: number | undefined;
  ETag?: string | undefined;
  LastModified?: Date | undefined;
}): ObjectInfo {
  const { ContentLength = 0, ETag = '', LastModified = new Date(0) } = answer;
  return { sizeBytes: ContentLength, etag: ETag, modifiedAt: LastModified };
}
