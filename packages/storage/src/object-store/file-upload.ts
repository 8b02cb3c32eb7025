import { type FileHandle, open } from 'node:fs/promises';
import type { ObjectStore, ObjectUpload } from './object-store.js';
import { PartSender } from './part-sender.js';

/** Two parts of a file are on their way at once: what waits for its turn lies in the file. */
const SENDING = { buffers: 2, tooLarge: 'OUTPUT_LIMIT' } as const;

/** Sends a file to the object store while it is still being written, so that little is left to send at its end. */
export class FileUpload {
  readonly #store: ObjectStore;
  readonly #upload: ObjectUpload;
  readonly #file: FileHandle;
  readonly #parts: PartSender;
  #writtenBytes = 0;
  #readBytes = 0;
  #isWhole = false;
  /** Settles when everything that was written has been read. */
  #reading: Promise<void> = Promise.resolve();

  private constructor(store: ObjectStore, upload: ObjectUpload, file: FileHandle) {
    this.#store = store;
    this.#upload = upload;
    this.#file = file;
    this.#parts = new PartSender(upload, SENDING);
  }

  /** Begins to send the file at `path`, which need not hold anything yet. @throws AppError STORE_UNAVAILABLE */
  static async begin(store: ObjectStore, key: string, path: string): Promise<FileUpload> {
    const file = await open(path, 'r');
    try {
      return new FileUpload(store, await store.beginUpload(key), file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Says how much was written to the file, which never changes again. @throws what has gone wrong since */
  advance(writtenBytes: number): void {
    this.#parts.throwIfFailed();
    this.#writtenBytes = writtenBytes;
    this.#readOn(() => this.#readWritten());
  }

  /** Says that nothing more is written: the rest is sent. */
  finish(): void {
    if (this.#isWhole) return;
    this.#isWhole = true;
    this.#readOn(() => this.#parts.end());
  }

  /** Waits until all is sent, and makes the object of it. To be called after `finish`. @throws AppError STORE_UNAVAILABLE */
  async complete(): Promise<void> {
    await this.#reading;
    await this.#parts.arrived();
    await this.#upload.complete();
    await this.#file.close();
  }

  /** Stops sending and lets go of the file. */
  async stop(): Promise<void> {
    await this.#parts.stop();
    await this.#reading;
    await this.#file.close();
  }

  /** Removes what was sent, unless it is complete. @throws AppError STORE_UNAVAILABLE */
  async abort(): Promise<void> {
    // A part that arrives later than the abortion would stay.
    await this.stop();
    await this.#store.abortUpload(this.#upload);
  }

  #readOn(step: () => Promise<void>): void {
    this.#reading = this.#reading.then(step).catch((error: unknown) => this.#parts.fail(error));
  }

  async #readWritten(): Promise<void> {
    const start = this.#readBytes;
    await this.#parts.append(this.#writtenBytes - start, async (target, done) => {
      this.#readBytes = start + done + target.length;
      for (let filled = 0; filled < target.length; ) {
        const { bytesRead } = await this.#file.read(target, filled, target.length - filled, start + done + filled);
        if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
        filled += bytesRead;
      }
    });
  }
}
