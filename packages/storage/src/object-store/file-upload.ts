import { type FileHandle, open } from 'node:fs/promises';
import { AppError } from '@caissa/shared/errors';
import type { ObjectStore } from './object-store.js';
import { abortUpload, MAX_PARTS, ObjectUpload, PART_BYTES } from './object-upload.js';

/** Parts of one file that are on their way at once; each takes a buffer of {@link PART_BYTES}. */
const PARTS_AT_ONCE = 2;

/** Sends a file to the object store while it is still being written, so that little is left to send at its end. */
export class FileUpload {
  readonly #store: ObjectStore;
  readonly #upload: ObjectUpload;
  readonly #file: FileHandle;
  readonly #stop = new AbortController();
  readonly #buffers: Buffer[] = [];
  readonly #sending = new Set<Promise<void>>();
  #writtenBytes = 0;
  #partsBegun = 0;
  #isWhole = false;
  #failure: unknown;

  private constructor(store: ObjectStore, upload: ObjectUpload, file: FileHandle) {
    this.#store = store;
    this.#upload = upload;
    this.#file = file;
  }

  /** Begins to send the file at `path`, which need not hold anything yet. @throws AppError STORE_UNAVAILABLE */
  static async begin(store: ObjectStore, key: string, path: string): Promise<FileUpload> {
    const file = await open(path, 'r');
    try {
      return new FileUpload(store, await ObjectUpload.begin(store, key), file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Says how much was written to the file, which never changes again. @throws what has gone wrong since */
  advance(writtenBytes: number): void {
    if (this.#stop.signal.aborted) throw this.#failure;
    this.#writtenBytes = writtenBytes;
    this.#sendParts();
  }

  /** Says that nothing more is written: the rest is sent. */
  finish(): void {
    this.#isWhole = true;
    this.#sendParts();
  }

  /** Waits until all is sent, and makes the object of it. To be called after `finish`. @throws AppError STORE_UNAVAILABLE */
  async complete(): Promise<void> {
    await this.#settle();
    if (this.#stop.signal.aborted) throw this.#failure;
    await this.#upload.complete();
    await this.#file.close();
  }

  /** Stops sending and lets go of the file. */
  async stop(): Promise<void> {
    this.#fail(new AppError('STORE_UNAVAILABLE', 'The upload to the object store was given up.'));
    await this.#settle();
    await this.#file.close();
  }

  /** Removes what was sent, unless it is complete. @throws AppError STORE_UNAVAILABLE */
  async abort(): Promise<void> {
    // A part that arrives later than the abortion would stay.
    await this.stop();
    await abortUpload(this.#store, this.#upload);
  }

  #sendParts(): void {
    while (this.#sending.size < PARTS_AT_ONCE && !this.#stop.signal.aborted) {
      const start = this.#partsBegun * PART_BYTES;
      const sizeBytes = Math.min(this.#writtenBytes - start, PART_BYTES);
      // An empty file is one empty part.
      const isLast = this.#isWhole && (sizeBytes > 0 || this.#partsBegun === 0);
      if (sizeBytes < PART_BYTES && !isLast) return;
      const sending: Promise<void> = this.#sendPart(++this.#partsBegun, start, sizeBytes)
        .catch((error: unknown) => this.#fail(error))
        .then(() => {
          this.#sending.delete(sending);
          this.#sendParts();
        });
      this.#sending.add(sending);
    }
  }

  async #sendPart(partNumber: number, start: number, sizeBytes: number): Promise<void> {
    if (partNumber > MAX_PARTS) {
      throw new AppError('OUTPUT_LIMIT', `The object store takes files of ${MAX_PARTS * PART_BYTES} bytes at most.`);
    }
    const buffer = this.#buffers.pop() ?? Buffer.allocUnsafeSlow(this.#isWhole ? sizeBytes : PART_BYTES);
    const bytes = buffer.subarray(0, sizeBytes);
    for (let done = 0; done < sizeBytes; ) {
      const { bytesRead } = await this.#file.read(bytes, done, sizeBytes - done, start + done);
      if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
      done += bytesRead;
    }
    await this.#upload.sendPart(partNumber, bytes, this.#stop.signal);
    this.#buffers.push(buffer);
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = error;
    this.#stop.abort();
  }

  async #settle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }
}
