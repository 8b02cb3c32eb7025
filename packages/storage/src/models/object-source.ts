import type { Readable } from 'node:stream';
import { assertInside } from '@caissa/bytes';
import { AppError, toAppError } from '@caissa/shared/errors';
import pLimit from 'p-limit';
import type { ObjectStore } from '../object-store/object-store.js';
import { readObject } from '../object-store/read-object.js';
import type { ModelSource } from './model-store.js';
import { mergeRanges, missingRanges, type PageRange } from './page-plan.js';
import { SpoolFile } from './spool-file.js';

/** What is fetched at least. The headers of a checkpoint lie all over it, and larger pages would be most of the file. */
const PAGE_BYTES = 16 << 10;

/** What one request asks for at most; a connection that breaks costs no more than that again. */
const REQUEST_PAGES = (4 << 20) / PAGE_BYTES;

/** Requests of one checkpoint at once. */
const REQUESTS_AT_ONCE = 4;

/** Who reads this much at once will read on: what follows is fetched meanwhile. */
const STREAM_PAGES = (64 << 10) / PAGE_BYTES;
const READ_AHEAD_PAGES = (12 << 20) / PAGE_BYTES;

/** A read that waits for its turn, and the pages it needs. */
interface Waiting extends PageRange {
  readonly target: Uint8Array;
  readonly offset: number;
  resolve(read: Promise<void>): void;
}

/** Pages that are on their way. */
interface Fetch extends PageRange {
  readonly done: Promise<void>;
}

/** Which object, in which state, and where to keep what was fetched of it. */
export interface ObjectSourceOptions {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly identity: string;
  /** What to call it: `model_v1.pt`. */
  readonly filename: string;
  /** A folder that exists. */
  readonly spoolFolder: string;
}

/**
 * One state of an object, read at any offset. What was fetched is kept in a file without a name, so that nothing is
 * fetched twice, however often a conversion reads it, and memory holds only what is passing through. Every request names
 * the entity tag: of an object that was replaced no byte is taken.
 */
export class ObjectSource implements ModelSource {
  readonly filename: string;
  readonly identity: string;
  readonly sizeBytes: number;
  readonly #store: ObjectStore;
  readonly #options: ObjectSourceOptions;
  readonly #spool: SpoolFile;
  /** 1 for every page that is in the spool. */
  readonly #here: Uint8Array;
  readonly #fetches = new Set<Fetch>();
  readonly #limit = pLimit(REQUESTS_AT_ONCE);
  readonly #streams = new Set<Readable>();
  #isClosing = false;
  #waiting: Waiting[] = [];
  #changed: AppError | undefined;

  private constructor(store: ObjectStore, options: ObjectSourceOptions, spool: SpoolFile) {
    this.#store = store;
    this.#options = options;
    this.#spool = spool;
    this.filename = options.filename;
    this.identity = options.identity;
    this.sizeBytes = options.sizeBytes;
    this.#here = new Uint8Array(Math.ceil(options.sizeBytes / PAGE_BYTES));
  }

  /** Opens an object; nothing is fetched yet. @throws the system's error if there can be no spool file */
  static async open(store: ObjectStore, options: ObjectSourceOptions): Promise<ObjectSource> {
    return new ObjectSource(store, options, await SpoolFile.create(options.spoolFolder));
  }

  /**
   * Fills the whole of `target` with the bytes that start at `offset`.
   * @throws FormatError ZIP_TRUNCATED; AppError SOURCE_CHANGED, STORE_UNAVAILABLE, STORAGE_FULL
   */
  async readInto(target: Uint8Array, offset: number): Promise<void> {
    assertInside(this, target.length, offset);
    if (target.length === 0) return;
    const first = Math.floor(offset / PAGE_BYTES);
    const last = Math.floor((offset + target.length - 1) / PAGE_BYTES);
    return new Promise<void>((resolve) => {
      // Reads that are asked for in the same turn are planned together.
      if (this.#waiting.length === 0) queueMicrotask(() => this.#start());
      this.#waiting.push({ target, offset, first, last, resolve });
    });
  }

  async isUnchanged(): Promise<boolean> {
    return this.#changed === undefined;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const stream of this.#streams) stream.destroy();
    await Promise.allSettled([...this.#fetches].map(({ done }) => done));
    await this.#spool.close();
  }

  #start(): void {
    const reads = this.#waiting;
    this.#waiting = [];
    for (const range of mergeRanges(reads)) {
      const isStream = reads.some((one) => one.last - one.first + 1 >= STREAM_PAGES && isInside(one, range));
      this.#fetchMissing(range, isStream ? READ_AHEAD_PAGES : 0);
    }
    for (const read of reads) read.resolve(this.#finish(read));
  }

  /** Has the missing pages of a range fetched, and those that will be wanted next. */
  #fetchMissing({ first, last }: PageRange, aheadPages: number): void {
    const range = { first, last: Math.min(last + aheadPages, this.#here.length - 1) };
    const fetches = [...this.#fetches];
    const isMissing = (page: number) =>
      this.#here[page] === 0 && !fetches.some((fetch) => fetch.first <= page && page <= fetch.last);
    for (const missing of missingRanges(range, isMissing, REQUEST_PAGES)) {
      // What is read ahead comes in whole requests.
      const isShort = missing.last - missing.first + 1 < REQUEST_PAGES && missing.last + 1 < this.#here.length;
      if (missing.first > last && isShort) continue;
      const done = this.#limit(() => this.#fetch(missing));
      const fetch = { ...missing, done };
      this.#fetches.add(fetch);
      // What was read ahead may fail without anybody waiting for it; whoever wants it then asks again.
      const forget = () => void this.#fetches.delete(fetch);
      done.then(forget, forget);
    }
  }

  async #finish({ target, offset, first, last }: Waiting): Promise<void> {
    await Promise.all(
      [...this.#fetches].filter((one) => one.first <= last && first <= one.last).map(({ done }) => done),
    );
    await this.#spool.readInto(target, offset);
  }

  async #fetch({ first, last }: PageRange): Promise<void> {
    if (this.#isClosing) throw closed();
    if (this.#changed) throw this.#changed;
    const { key, etag } = this.#options;
    let at = first * PAGE_BYTES;
    const end = Math.min((last + 1) * PAGE_BYTES, this.sizeBytes);
    const stream = readObject(this.#store, { key, etag, start: at, end: end - 1 }, () => this.#noteChange());
    this.#streams.add(stream);
    try {
      for await (const piece of stream) {
        // A store that does not know ranges sends the whole object.
        const bytes = piece.subarray(0, end - at);
        await this.#keep(bytes, at);
        at += bytes.length;
      }
      if (at < end) throw closed();
    } finally {
      this.#streams.delete(stream);
      // Of a transfer that failed, the pages that came whole stay.
      this.#here.fill(1, first, at === end ? last + 1 : Math.floor(at / PAGE_BYTES));
    }
  }

  #noteChange(): AppError {
    const { filename } = this.#options;
    this.#changed ??= new AppError('SOURCE_CHANGED', `${filename} was replaced or removed while it was read.`);
    return this.#changed;
  }

  /** @throws AppError STORAGE_FULL and others of the disk: asking the store again would not help */
  async #keep(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#spool.write(bytes, offset).catch((error: unknown) => {
      throw toAppError(error);
    });
  }
}

function isInside(one: PageRange, range: PageRange): boolean {
  return range.first <= one.first && one.last <= range.last;
}

/** Nobody waits any more for what is read then. */
function closed(): Error {
  return new Error('the checkpoint was closed while it was read');
}
