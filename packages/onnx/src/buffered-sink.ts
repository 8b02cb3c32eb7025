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

/** A part of a buffer that is to be read from a source. */
interface Piece {
  readonly range: SourceRange;
  readonly fromByte: number;
  readonly target: Uint8Array;
}

/** A buffer, what is still to be read into it, and the write that may still be reading it. */
interface Slot {
  readonly bytes: Uint8Array;
  pieces: Piece[];
  settled: Promise<void>;
}

/** No element that an initializer may have is larger, and larger ones are multiples of smaller ones. */
const LARGEST_ITEM_BYTES = 8;

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
  /** Settles when the last buffer's write has begun. */
  #begun: Promise<unknown> = Promise.resolve();

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

  /**
   * Copies a range of a source, which is read straight into the buffers: when one is full, so that all its ranges are
   * asked for at once, and while the next one is being filled.
   */
  async copy(range: SourceRange, lengthBytes: number): Promise<void> {
    for (let fromByte = 0; fromByte < lengthBytes; ) {
      this.#options.signal?.throwIfAborted();
      const target = this.#reserve(this.#wholeElements(range, lengthBytes - fromByte));
      if (target.length > 0) this.#current.pieces.push({ range, fromByte, target });
      fromByte += target.length;
      if (this.#isFull() || fromByte < lengthBytes) await this.#swap();
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

  /** How much of a range goes into the buffer: what is changed must not be cut inside an element. */
  #wholeElements({ change }: SourceRange, lengthBytes: number): number {
    const roomBytes = BUFFER_SIZE_BYTES - this.#usedBytes;
    if (change === undefined || lengthBytes <= roomBytes) return lengthBytes;
    return roomBytes - (roomBytes % LARGEST_ITEM_BYTES);
  }

  #isFull(): boolean {
    return this.#usedBytes === BUFFER_SIZE_BYTES;
  }

  async #swap(): Promise<void> {
    const slot = this.#current;
    const sizeBytes = this.#usedBytes;
    if (sizeBytes > 0) {
      const begun = this.#begin(slot, sizeBytes, this.#begun);
      this.#begun = begun;
      slot.settled = begun.then(({ written }) => written).then(() => this.#advance(sizeBytes));
      // A failed write is reported by whoever awaits this buffer next; until then it must not count as unhandled.
      slot.settled.catch(() => undefined);
    }
    this.#turn = (this.#turn + 1) % BUFFER_COUNT;
    this.#current = this.#slots[this.#turn] as Slot;
    this.#usedBytes = 0;
    await this.#current.settled;
    this.#current.pieces = [];
  }

  /** Fills what is missing, and hands the buffer over after the one before it. No read is under way when it settles. */
  async #begin(
    { bytes, pieces }: Slot,
    sizeBytes: number,
    before: Promise<unknown>,
  ): Promise<{ written: Promise<void> }> {
    const reads = await Promise.allSettled(
      pieces.map(({ range, fromByte, target }) => range.source.readInto(target, range.offsetBytes + fromByte)),
    );
    for (const read of reads) if (read.status === 'rejected') throw read.reason;
    for (const { range, fromByte, target } of pieces) await range.change?.(target, fromByte);
    await before;
    return { written: this.#sink.write(bytes.subarray(0, sizeBytes)) };
  }

  #advance(sizeBytes: number): void {
    this.#bytesWritten += sizeBytes;
    this.#options.onProgress?.(this.#bytesWritten, this.#totalBytes);
  }
}

/** Shared memory, so that another thread can compute a digest of it where it is. */
function newSlot(): Slot {
  const bytes = spare.pop() ?? new Uint8Array(new SharedArrayBuffer(BUFFER_SIZE_BYTES));
  return { bytes, pieces: [], settled: Promise.resolve() };
}
