import { crc32 } from 'node:zlib';
import type { Segment } from './segment.js';

/** Large enough that calls cost nothing beside the bytes; three of them still fit the cache of most processors. */
const BLOCK_BYTES = 2 << 20;

/** A place in a sequence of segments. */
export class SegmentCursor {
  readonly #segments: Iterator<Segment>;
  #segment: Segment | undefined;
  /** Bytes of the segment that are in blocks already. */
  #done = 0;

  constructor(segments: Iterable<Segment>) {
    this.#segments = segments[Symbol.iterator]();
  }

  /** The next piece of at most `maxBytes`; undefined at the end. */
  next(maxBytes: number): { segment: Segment; from: number; lengthBytes: number } | undefined {
    while (this.#segment === undefined || this.#done >= lengthOf(this.#segment)) {
      // A segment without bytes is a piece too: making it may check something.
      const { value, done } = this.#segments.next();
      if (done === true) return undefined;
      this.#segment = value;
      this.#done = 0;
      if (lengthOf(value) === 0) return { segment: value, from: 0, lengthBytes: 0 };
    }
    const from = this.#done;
    const lengthBytes = Math.min(maxBytes, lengthOf(this.#segment) - from);
    this.#done += lengthBytes;
    return { segment: this.#segment, from, lengthBytes };
  }
}

function lengthOf(segment: Segment): number {
  return segment.kind === 'bytes' ? segment.bytes.length : segment.lengthBytes;
}

/** A buffer that is filled from segments, completed, and taken, again and again. */
export class Block {
  /** Settles when all bytes that are copied from sources are there. */
  read: Promise<unknown> = Promise.resolve();
  /** Settles when the buffer may be used again. */
  taken: Promise<void> = Promise.resolve();
  /** What is left to do once it has been read, in order: sums, and bytes that depend on them. */
  finishers: (() => void)[] = [];
  /** Shared, so that another thread can compute a digest of it where it is. */
  readonly #buffer = Buffer.from(new SharedArrayBuffer(BLOCK_BYTES));
  #lengthBytes = 0;

  /** Forgets what it was used for, so that another stream may use it. */
  reset(): void {
    this.read = Promise.resolve();
    this.taken = Promise.resolve();
    this.finishers = [];
  }

  /** Starts to fill the block; false if no segments are left. */
  startReading(cursor: SegmentCursor): boolean {
    const reads: Promise<void>[] = [];
    this.finishers = [];
    this.#lengthBytes = 0;
    let hasPieces = false;
    while (this.#lengthBytes < BLOCK_BYTES) {
      const piece = cursor.next(BLOCK_BYTES - this.#lengthBytes);
      if (piece === undefined) break;
      hasPieces = true;
      const target = this.#buffer.subarray(this.#lengthBytes, this.#lengthBytes + piece.lengthBytes);
      this.#lengthBytes += piece.lengthBytes;
      this.#place(piece.segment, piece.from, target, reads);
    }
    this.read = Promise.all(reads);
    // Awaited when the block's turn comes; a failure before that must not count as unhandled.
    this.read.catch(() => undefined);
    return hasPieces;
  }

  startTaking(take: (block: Uint8Array) => Promise<void>): void {
    this.taken = this.#lengthBytes === 0 ? Promise.resolve() : take(this.#buffer.subarray(0, this.#lengthBytes));
    this.taken.catch(() => undefined);
  }

  #place(segment: Segment, from: number, target: Uint8Array, reads: Promise<void>[]): void {
    if (segment.kind === 'bytes') {
      target.set(segment.bytes.subarray(from, from + target.length));
    } else if (segment.kind === 'data') {
      if (target.length > 0) reads.push(segment.source.readInto(target, segment.offsetBytes + from));
      const { tally } = segment;
      if (tally === undefined) return;
      this.finishers.push(() => {
        tally.crc32 = crc32(target, tally.crc32);
      });
    } else {
      this.finishers.push(() => target.set(segment.make().subarray(from, from + target.length)));
    }
  }
}
