import type { ByteSink } from '@caissa/bytes';
import { AppError } from '@caissa/shared/errors';
import { MAX_PARTS, type ObjectUpload, PART_BYTES } from '../object-store/object-upload.js';

/** Parts that are on their way at once; with the one that is being filled they are all that memory holds. */
const PARTS_AT_ONCE = 2;

/** Sends bytes as the parts of an upload, in the order in which they come. */
export class PartSender implements ByteSink {
  readonly #upload: ObjectUpload;
  readonly #stop = new AbortController();
  readonly #sending = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  #part: Buffer | undefined;
  #filledBytes = 0;
  #partsBegun = 0;
  #failure: unknown;

  constructor(upload: ObjectUpload) {
    this.#upload = upload;
  }

  /** @throws AppError BODY_TOO_LARGE for what the store cannot take; STORE_UNAVAILABLE, STORAGE_FULL */
  async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      this.#part ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES);
      const piece = chunk.subarray(done, done + PART_BYTES - this.#filledBytes);
      this.#part.set(piece, this.#filledBytes);
      this.#filledBytes += piece.length;
      done += piece.length;
      if (this.#filledBytes === PART_BYTES) await this.#send();
    }
  }

  /** Sends what is left, and settles when everything has arrived. @throws as `write` does */
  async finish(): Promise<void> {
    if (this.#filledBytes > 0) await this.#send();
    while (this.#sending.size > 0) await Promise.all(this.#sending);
    this.#throwIfFailed();
  }

  /** Stops, and settles when nothing is on its way any more: a part that arrives after an upload was aborted would stay. */
  async stop(): Promise<void> {
    this.#stop.abort();
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  /** Begins to send the part that is full, as soon as there is room for another one. */
  async #send(): Promise<void> {
    while (this.#sending.size >= PARTS_AT_ONCE) await Promise.race(this.#sending);
    this.#throwIfFailed();
    const part = this.#part;
    if (part === undefined) return;
    const bytes = part.subarray(0, this.#filledBytes);
    this.#part = undefined;
    this.#filledBytes = 0;
    this.#partsBegun++;
    if (this.#partsBegun > MAX_PARTS) {
      const limitGib = Math.floor((MAX_PARTS * PART_BYTES) / 1024 ** 3);
      throw new AppError('BODY_TOO_LARGE', `The object store takes uploads of ${limitGib} GiB at most.`);
    }
    const sending: Promise<void> = this.#upload
      .sendPart(this.#partsBegun, bytes, this.#stop.signal)
      .then(
        () => void this.#spare.push(part),
        (error: unknown) => {
          this.#failure ??= error;
        },
      )
      .then(() => void this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
