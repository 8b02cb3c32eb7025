import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { AppError } from '@caissa/shared/errors';
import { callObjectStore, statusOf } from './object-store-error.js';
import { createS3Client, type ObjectStoreSettings, type S3Sdk } from './s3-client.js';
import { parseS3Location, type S3Location } from './s3-location.js';

/** What a store says of an object without sending it. */
export interface ObjectInfo {
  readonly sizeBytes: number;
  /** Changes with the content; as the store writes it, in quotes. */
  readonly etag: string;
  readonly modifiedAt: Date;
}

/** An object of a listing. */
export interface ListedObject extends ObjectInfo {
  readonly key: string;
}

/** An object as it arrives. */
export interface ReceivedObject extends ObjectInfo {
  readonly body: Readable;
}

/** What to receive of an object. */
export interface GetOptions {
  /** Bytes `start` to `end`, both inclusive. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The content that is wanted: another one counts as none. */
  readonly etag?: string;
  /** Ends the request, and the body too. */
  readonly signal?: AbortSignal;
}

/** How an object is stored. */
export interface PutOptions {
  readonly contentType?: string;
  /** Whether an object of this name stays as it is. */
  readonly onlyIfAbsent?: boolean;
  readonly signal?: AbortSignal;
}

/** How often a conditional write that met another one is tried. */
const CONFLICT_ATTEMPTS = 10;
const CONFLICT_PAUSE_MS = 100;

/**
 * The objects below one prefix of a bucket. Keys are told and given without that prefix. Every method fails with
 * AppError STORE_UNAVAILABLE when the store cannot be used, after a few attempts of its own, or STORAGE_FULL.
 */
export class ObjectStore {
  readonly location: S3Location;
  /** For what goes beyond single objects, such as uploads in parts. */
  readonly client: S3Client;
  /** The library that {@link client} is of. */
  readonly sdk: S3Sdk;

  constructor(location: S3Location, { client, sdk }: { client: S3Client; sdk: S3Sdk }) {
    this.location = location;
    this.client = client;
    this.sdk = sdk;
  }

  /** Bucket and whole key of an object, as requests name it. */
  at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.location.bucket, Key: `${this.location.prefix}${key}` };
  }

  /** Settles if the bucket is there and may be used. @throws AppError STORE_UNAVAILABLE */
  async check(): Promise<void> {
    await callObjectStore(() =>
      this.client.send(new this.sdk.HeadBucketCommand({ Bucket: this.location.bucket })).catch((error: unknown) => {
        if (statusOf(error) !== 404) throw error;
        throw new AppError('STORE_UNAVAILABLE', 'The object store has no such bucket.', { cause: error });
      }),
    );
  }

  /** What the store says of an object, if it is there. */
  head(key: string): Promise<ObjectInfo | undefined> {
    return callObjectStore(async () => {
      const found = await this.client.send(new this.sdk.HeadObjectCommand(this.at(key))).catch(absent);
      return found && infoOf(found);
    });
  }

  /** An object as it arrives, if it is there. Its body must be read to its end or destroyed. */
  get(key: string, { range, etag, signal }: GetOptions = {}): Promise<ReceivedObject | undefined> {
    return callObjectStore(async () => {
      const request = new this.sdk.GetObjectCommand({
        ...this.at(key),
        ...(range ? { Range: `bytes=${range.start}-${range.end}` } : {}),
        ...(etag === undefined ? {} : { IfMatch: etag }),
      });
      const found = await this.client.send(request, signal ? { abortSignal: signal } : {}).catch(absent);
      if (!(found?.Body instanceof Readable)) return undefined;
      return { ...infoOf(found), body: found.Body };
    });
  }

  /** The text of a small object, if it is there. */
  async getText(key: string): Promise<string | undefined> {
    const found = await this.get(key);
    return found && callObjectStore(async () => Buffer.concat(await found.body.toArray()).toString());
  }

  /** Stores a small object whole, with a checksum that the store checks. Answers false if it was there and stays. */
  put(key: string, content: Uint8Array | string, options: PutOptions = {}): Promise<boolean> {
    const { contentType, onlyIfAbsent = false, signal } = options;
    const body = typeof content === 'string' ? Buffer.from(content) : content;
    return callObjectStore(async () => {
      for (let attempt = 1; ; attempt++) {
        const request = new this.sdk.PutObjectCommand({
          ...this.at(key),
          Body: body,
          // The library does not see it of an empty one.
          ContentLength: body.length,
          ChecksumAlgorithm: 'CRC32',
          ...(contentType === undefined ? {} : { ContentType: contentType }),
          ...(onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
        });
        try {
          await this.client.send(request, signal ? { abortSignal: signal } : {});
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

  /** The objects whose keys begin so, in the order of keys; with `delimiter`, without those that have it further on. */
  async *list(prefix: string, delimiter?: string): AsyncGenerator<ListedObject> {
    let token: string | undefined;
    do {
      const { Bucket, Key: Prefix } = this.at(prefix);
      const more = { ...(delimiter ? { Delimiter: delimiter } : {}), ...(token ? { ContinuationToken: token } : {}) };
      const request = new this.sdk.ListObjectsV2Command({ Bucket, Prefix, ...more });
      const page = await callObjectStore(() => this.client.send(request));
      for (const { Key = '', Size = 0, ETag = '', LastModified = new Date(0) } of page.Contents ?? []) {
        const key = Key.slice(this.location.prefix.length);
        yield { key, sizeBytes: Size, etag: ETag, modifiedAt: LastModified };
      }
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Removes objects, one after the other; those that are not there count as removed. */
  async remove(keys: readonly string[]): Promise<void> {
    // Not many in one request: stores do not agree on the checksum that it needs.
    for (const key of keys) {
      await callObjectStore(() => this.client.send(new this.sdk.DeleteObjectCommand(this.at(key))).catch(absent));
    }
  }

  /** Closes the connections. */
  close(): void {
    this.client.destroy();
  }
}

/** Opens the object store that the settings name, if they name one. Nothing is asked of it yet. @throws ConfigurationError */
export async function createObjectStore(settings: ObjectStoreSettings): Promise<ObjectStore | undefined> {
  const location = parseS3Location(settings.STORAGE_URL);
  return location && new ObjectStore(location, await createS3Client(settings));
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
