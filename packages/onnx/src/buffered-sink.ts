import { assertInside, type ByteSink, type Piece, writePieces } from '@caissa/bytes';
import type { SourceRange } from './model.js';

/** Pieces below this are gathered: a model is mostly hundreds of small fields, and each write costs a system call. */
const BUFFER_SIZE_BYTES = 2 << 20;

/** With ranges of files, which take no memory, a write may have more: each one wakes the thread that writes, and this one. */
const BUFFER_AND_RANGES_BYTES = 4 << 20;

/** One is being filled, one written, and one more waiting for its turn. */
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
interface Reading {
  readonly range: SourceRange;
  readonly fromByte: number;
  readonly target: Uint8Array;
}

/** A buffer, what is still to be read into it, what is to be written, and the write that may still be reading it. */
interface Slot {
  readonly bytes: Uint8Array;
  readings: Reading[];
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
  /** What the current slot has: bytes in all, those in its buffer, and those of the buffer that are in pieces. */
  #gatheredBytes = 0;
  #usedBytes = 0;
  #cutBytes = 0;
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
   * Copies a range of a source. What is to be changed, or is in no file, is read straight into the buffers: when one is
   * full, so that all its ranges are asked for at once, and while the next one is being filled.
   */
  async copy(range: SourceRange, lengthBytes: number): Promise<void> {
    const { descriptor } = range.source;
    const isTaken = descriptor !== undefined && range.change === undefined && this.#sink.writePieces !== undefined;
    if (isTaken) assertInside(range.source, lengthBytes, range.offsetBytes);
    for (let fromByte = 0; fromByte < lengthBytes; ) {
      this.#options.signal?.throwIfAborted();
      const restBytes = lengthBytes - fromByte;
      fromByte += isTaken
        ? this.#refer(descriptor, range.offsetBytes + fromByte, restBytes)
        : this.#read(range, fromByte, restBytes);
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

  /** Lets the sink read as much of a file as the slot may have; answers how much that is. */
  #refer(descriptor: number, offsetBytes: number, restBytes: number): number {
    const lengthBytes = Math.min(restBytes, BUFFER_AND_RANGES_BYTES - this.#gatheredBytes);
    this.#cut();
    this.#current.pieces.push({ descriptor, offsetBytes, lengthBytes });
    this.#gatheredBytes += lengthBytes;
    return lengthBytes;
  }

  /** Has as much of a range read as the buffer holds; answers how much that is. */
  #read(range: SourceRange, fromByte: number, restBytes: number): number {
    const target = this.#reserve(this.#wholeElements(range, restBytes));
    if (target.length > 0) this.#current.readings.push({ range, fromByte, target });
    return target.length;
  }

  /** The next bytes to be filled, at most `lengthBytes`. */
  #reserve(lengthBytes: number): Uint8Array {
    const sizeBytes = Math.min(lengthBytes, this.#roomBytes());
    const part = this.#current.bytes.subarray(this.#usedBytes, this.#usedBytes + sizeBytes);
    this.#usedBytes += part.length;
    this.#gatheredBytes += part.length;
    return part;
  }

  /** Makes a piece of what was gathered in the buffer since the last one. */
  #cut(): void {
    const { bytes, pieces } = this.#current;
    if (this.#usedBytes > this.#cutBytes) pieces.push(bytes.subarray(this.#cutBytes, this.#usedBytes));
    this.#cutBytes = this.#usedBytes;
  }

  /** How much of a range goes into the buffer: what is changed must not be cut inside an element. */
  #wholeElements({ change }: SourceRange, lengthBytes: number): number {
    const roomBytes = this.#roomBytes();
    if (change === undefined || lengthBytes <= roomBytes) return lengthBytes;
    return roomBytes - (roomBytes % LARGEST_ITEM_BYTES);
  }

  #isFull(): boolean {
    return this.#roomBytes() === 0;
  }

  /** What the current buffer can still take. */
  #roomBytes(): number {
    return Math.min(BUFFER_SIZE_BYTES - this.#usedBytes, BUFFER_AND_RANGES_BYTES - this.#gatheredBytes);
  }

  async #swap(): Promise<void> {
    const slot = this.#current;
    const sizeBytes = this.#gatheredBytes;
    this.#cut();
    if (sizeBytes > 0) {
      const begun = this.#begin(slot, this.#begun);
      this.#begun = begun;
      slot.settled = begun.then(({ written }) => written).then(() => this.#advance(sizeBytes));
      // A failed write is reported by whoever awaits this buffer next; until then it must not count as unhandled.
      slot.settled.catch(() => undefined);
    }
    this.#turn = (this.#turn + 1) % BUFFER_COUNT;
    this.#current = this.#slots[this.#turn] as Slot;
    this.#gatheredBytes = 0;
    this.#usedBytes = 0;
    this.#cutBytes = 0;
    await this.#current.settled;
    this.#current.readings = [];
    this.#current.pieces = [];
  }

  /** Fills what is missing, and hands the buffer over after the one before it. No read is under way when it settles. */
  async #begin({ readings, pieces }: Slot, before: Promise<unknown>): Promise<{ written: Promise<void> }> {
    const reads = await Promise.allSettled(
      readings.map(({ range, fromByte, target }) => range.source.readInto(target, range.offsetBytes + fromByte)),
    );
    for (const read of reads) if (read.status === 'rejected') throw read.reason;
    for (const { range, fromByte, target } of readings) await range.change?.(target, fromByte);
    await before;
    return { written: writePieces(this.#sink, pieces) };
  }

  #advance(sizeBytes: number): void {
    this.#bytesWritten += sizeBytes;
    this.#options.onProgress?.(this.#bytesWritten, this.#totalBytes);
  }
}

/** Shared memory, so that another thread can read it where it is. */
function newSlot(): Slot {
  const bytes = spare.pop() ?? new Uint8Array(new SharedArrayBuffer(BUFFER_SIZE_BYTES));
  return { bytes, readings: [], pieces: [], settled: Promise.resolve() };
}
