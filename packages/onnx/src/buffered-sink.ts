import type { ByteSink } from '@caissa/tensor';
import type { SourceRange } from './model.js';

/** Pieces below this are gathered: a model is mostly hundreds of small fields, and each write costs a system call. */
const BUFFER_SIZE_BYTES = 2 << 20;

/** One is being filled, one written, and one more on its way to somebody else, who computes a digest perhaps. */
const BUFFER_COUNT = 3;

/** Buffers of models that have been written. New memory for each would cost page faults and garbage collections. */
const spare: Uint8Array[] = [];

/** Two models at once are usual; what more of them leave behind is not kept. */
const MAX_SPARE_BUFFERS = 2 * BUFFER_COUNT;

/** How to watch and stop a {@link BufferedSink}. */
interface BufferedSinkOptions {
  readonly onProgress?: (bytesWritten: number, totalBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** A buffer, and the write that may still be reading it. */
interface Slot {
  readonly bytes: Uint8Array;
  settled: Promise<void>;
}

/**
 * Gathers small pieces into large writes. Buffers take turns, so that the next pieces are produced while the last ones
 * are written, and a caller may reuse a chunk as soon as `write` returned.
 */
export class BufferedSink {
  readonly #sink: ByteSink;
  readonly #totalBytes: number;
  readonly #options: BufferedSinkOptions;
  readonly #slots: readonly Slot[];
  #current: Slot;
  #turn = 0;
  #usedBytes = 0;
  #bytesWritten = 0;

  constructor(sink: ByteSink, totalBytes: number, options: BufferedSinkOptions) {
    this.#sink = sink;
    this.#totalBytes = totalBytes;
    this.#options = options;
    this.#slots = Array.from({ length: BUFFER_COUNT }, newSlot);
    this.#current = this.#slots[0] as Slot;
  }

  /** Copies `chunk`, and waits only when all buffers are full. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#options.signal?.throwIfAborted();
    for (let taken = 0; taken < chunk.length; ) {
      const part = this.#reserve(chunk.length - taken);
      part.set(chunk.subarray(taken, taken + part.length));
      taken += part.length;
      if (this.#isFull()) await this.#swap();
    }
  }

  /** Copies a range of a source, which is read straight into the buffers. */
  async copy({ source, offsetBytes }: SourceRange, lengthBytes: number): Promise<void> {
    for (let taken = 0; taken < lengthBytes; ) {
      this.#options.signal?.throwIfAborted();
      const part = this.#reserve(lengthBytes - taken);
      await source.readInto(part, offsetBytes + taken);
      taken += part.length;
      if (this.#isFull()) await this.#swap();
    }
  }

  /** Writes what is gathered and waits until the sink has taken everything. */
  async flush(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    await this.#swap();
    await Promise.all(this.#slots.map(({ settled }) => settled));
  }

  /** Waits until no write is under way, whether they succeeded or not. To be called once, last. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#slots.map(({ settled }) => settled));
    for (const { bytes } of this.#slots) if (spare.length < MAX_SPARE_BUFFERS) spare.push(bytes);
  }

  /** The next bytes to be filled, at most `lengthBytes`. */
  #reserve(lengthBytes: number): Uint8Array {
    const part = this.#current.bytes.subarray(this.#usedBytes, this.#usedBytes + lengthBytes);
    this.#usedBytes += part.length;
    return part;
  }

  #isFull(): boolean {
    return this.#usedBytes === BUFFER_SIZE_BYTES;
  }

  async #swap(): Promise<void> {
    const slot = this.#current;
    const sizeBytes = this.#usedBytes;
    if (sizeBytes > 0) {
      slot.settled = this.#sink.write(slot.bytes.subarray(0, sizeBytes)).then(() => this.#advance(sizeBytes));
      // A failed write is reported by whoever awaits this buffer next; until then it must not count as unhandled.
      slot.settled.catch(() => undefined);
    }
    this.#turn = (this.#turn + 1) % BUFFER_COUNT;
    this.#current = this.#slots[this.#turn] as Slot;
    this.#usedBytes = 0;
    await this.#current.settled;
  }

  #advance(sizeBytes: number): void {
    this.#bytesWritten += sizeBytes;
    this.#options.onProgress?.(this.#bytesWritten, this.#totalBytes);
  }
}

/** Shared memory, so that another thread can compute a digest of it where it is. */
function newSlot(): Slot {
  const bytes = spare.pop() ?? new Uint8Array(new SharedArrayBuffer(BUFFER_SIZE_BYTES));
  return { bytes, settled: Promise.resolve() };
}
