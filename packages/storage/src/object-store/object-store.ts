import type { Readable } from 'node:stream';
import { AppError } from '@caissa/shared/errors';

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

/** An object that is to be copied, in the state that was seen. */
export interface Original extends Pick<ObjectInfo, 'etag' | 'sizeBytes'> {
  readonly key: string;
}

/** An upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
}

/** An upload of a listing. */
export interface ListedUpload extends OpenUpload {
  readonly beganAt: Date;
}

/** What using an upload fails with that somebody else has aborted. */
export class UploadGoneError extends AppError {
  constructor(cause?: unknown) {
    super('STORE_UNAVAILABLE', 'An upload to the object store was given up meanwhile.', { cause });
  }
}

/** An object that is sent in parts. Nobody sees it before it is complete, and then as a whole. */
export interface ObjectUpload extends OpenUpload {
  /**
   * Sends a part, whose checksum the store checks. Parts may be sent in any order and at once; `bytes` must not change
   * meanwhile. @throws UploadGoneError
   */
  sendPart(partNumber: number, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Makes the object of its parts; fails with {@link UploadGoneError} if somebody has aborted the upload. */
  complete(): Promise<void>;
  /**
   * Makes the object of its parts unless there is one of the name. Returns `taken` if there is, and `gone` if somebody has
   * aborted the upload, or another one of the name came in its way; if an answer was lost it may be this one that made the
   * object all the same.
   */
  completeIfAbsent(): Promise<'completed' | 'taken' | 'gone'>;
}

/** An upload that somebody began, to go on with. */
export interface ReopenedUpload extends ObjectUpload {
  /** Bytes of the parts that have arrived, in order from the first up to one that is missing. */
  readonly partBytes: readonly number[];
  /** When the last part arrived, if any has. */
  readonly lastPartAt: Date | undefined;
}

/** Size of every part of an upload but the last; stores want at least 5 MiB. */
export const PART_BYTES = 8 << 20;
/** Parts that an upload may have, by the protocol: enough for 78 GiB. */
export const MAX_PARTS = 10_000;

/**
 * The objects below one prefix of a bucket. Keys are told and given without that prefix. Every method fails with
 * AppError STORE_UNAVAILABLE when the store cannot be used, after a few attempts of its own, or STORAGE_FULL.
 */
export interface ObjectStore {
  /** The address of an object, for people. */
  addressOf(key: string): string;
  /** Settles if the bucket is there and may be used. */
  check(): Promise<void>;
  /** What the store says of an object, if it is there. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** An object as it arrives, if it is there. Its body must be read to its end or destroyed. */
  get(key: string, options?: GetOptions): Promise<ReceivedObject | undefined>;
  /** The text of a small object, if it is there. */
  getText(key: string): Promise<string | undefined>;
  /** An address where whoever has it can download an object under a name. */
  presign(key: string, filename: string): Promise<string>;
  /** Stores a small object whole, with a checksum that the store checks. Returns false if it was there and stays. */
  put(key: string, content: Uint8Array | string, options?: PutOptions): Promise<boolean>;
  /** The objects whose keys begin so, in the order of keys; with `delimiter`, without those that have it further on. */
  list(prefix: string, delimiter?: string): AsyncIterable<ListedObject>;
  /** Removes objects, one after the other; those that are not there count as removed. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Copies an object inside the store, unless there is one under the new name; it appears whole. Returns false if there is one.
   * @param partBytes what one request copies; stores want 5 MiB at least
   */
  copyIfAbsent(from: Original, to: string, partBytes?: number): Promise<boolean>;
  /** Begins to send an object in parts. */
  beginUpload(key: string, contentType?: string): Promise<ObjectUpload>;
  /** The open upload of an object, if there is one. */
  reopenUpload(key: string): Promise<ReopenedUpload | undefined>;
  /** Gives up an upload: what was sent of it is removed. One that is no longer open counts as given up. */
  abortUpload(upload: OpenUpload): Promise<void>;
  /** The open uploads of objects whose keys begin so. */
  listUploads(prefix: string): AsyncIterable<ListedUpload>;
  /** Closes the connections. */
  close(): void;
}
