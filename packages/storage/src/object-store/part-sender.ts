import type { ByteSink } from '@caissa/bytes';
import { AppError, type ErrorCode } from '@caissa/shared/errors';
import { MAX_PARTS, type ObjectUpload, PART_BYTES } from './object-store.js';

/** How much a sender may hold, and what it calls an object that the store cannot take. */
export interface PartSenderOptions {
  /** Buffers of {@link PART_BYTES}: each holds a part that is being filled or sent. */
  readonly buffers: number;
  readonly tooLarge: ErrorCode;
}

/** Sends bytes as the parts of an upload, in the order in which they come. */
export class PartSender implements ByteSink {
  readonly #upload: ObjectUpload;
  readonly #options: PartSenderOptions;
  readonly #stop = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  #part: Buffer | undefined;
  #filledBytes = 0;
  #partsBegun: number;

  /** @param sentParts how many parts of the upload have arrived before */
  constructor(upload: ObjectUpload, options: PartSenderOptions, sentParts = 0) {
    this.#upload = upload;
    this.#options = options;
    this.#partsBegun = sentParts;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.append(chunk.length, (target, done) => target.set(chunk.subarray(done, done + target.length)));
  }

  /**
   * Appends bytes that `fill` puts into buffers, told how many of them it has put there already. Appending waits for room.
   * @throws AppError `tooLarge` for what the store cannot take; STORE_UNAVAILABLE, STORAGE_FULL; what `fill` throws
   */
  async append(lengthBytes: number, fill: (target: Uint8Array, done: number) => void | Promise<void>): Promise<void> {
    for (let done = 0; done < lengthBytes; ) {
      this.#part ??= await this.#takeBuffer();
      const target = this.#part.subarray(this.#filledBytes, this.#filledBytes + lengthBytes - done);
      await fill(target, done);
      this.#filledBytes += target.length;
      done += target.length;
      if (this.#filledBytes === PART_BYTES) this.#send(this.#part);
    }
  }

  /** Begins to send what is left: nothing more comes. An empty object is one empty part. @throws as `append` does */
  async end(): Promise<void> {
    if (this.#filledBytes > 0 || this.#partsBegun === 0) this.#send(this.#part ?? (await this.#takeBuffer()));
  }

  /** Settles when everything has arrived. To be called after `end`. @throws as `append` does */
  async arrived(): Promise<void> {
    await this.#settle();
    this.throwIfFailed();
  }

  /** Stops, and settles when nothing is on its way any more: a part that arrives after an upload was aborted would stay. */
  async stop(): Promise<void> {
    this.fail(new AppError('STORE_UNAVAILABLE', 'The upload to the object store was given up.'));
    await this.#settle();
  }

  /** Ends the sending for this reason, unless it has ended for another one. */
  fail(reason: unknown): void {
    this.#stop.abort(reason);
  }

  /** @throws what has gone wrong */
  throwIfFailed(): void {
    this.#stop.signal.throwIfAborted();
  }

  async #takeBuffer(): Promise<Buffer> {
    while (this.#sending.size >= this.#options.buffers) await Promise.race(this.#sending);
    this.throwIfFailed();
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES);
  }

  #send(part: Buffer): void {
    // After a failure no part begins any more.
    this.throwIfFailed();
    const bytes = part.subarray(0, this.#filledBytes);
    this.#part = undefined;
    this.#filledBytes = 0;
    const partNumber = ++this.#partsBegun;
    if (partNumber > MAX_PARTS) {
      const limitGib = Math.floor((MAX_PARTS * PART_BYTES) / 1024 ** 3);
      throw new AppError(this.#options.tooLarge, `The object store takes files of ${limitGib} GiB at most.`);
    }
    const sending: Promise<void> = this.#upload
      .sendPart(partNumber, bytes, this.#stop.signal)
      .then(
        () => void this.#spare.push(part),
        (error: unknown) => this.fail(error),
      )
      .then(() => void this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  async #settle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }
}
