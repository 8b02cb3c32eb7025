import { crc32 } from 'node:zlib';
import { assertInside, type FileRange, type Piece } from '@caissa/bytes';
import type { Segment } from './segment.js';

/** Large enough that calls cost nothing beside the bytes; three of them still fit the cache of most processors. */
const BLOCK_BYTES = 2 << 20;

/** With ranges of files, which take no memory, a block may have more: each block wakes the thread that writes, and this one. */
const BLOCK_AND_RANGES_BYTES = 4 << 20;

/** Some bytes of a segment. */
interface SegmentPart {
  readonly segment: Segment;
  readonly from: number;
  readonly lengthBytes: number;
}

/** A place in a sequence of segments. */
export class SegmentCursor {
  readonly #segments: Iterator<Segment>;
  #segment: Segment | undefined;
  /** Bytes of the segment that are in blocks already. */
  #done = 0;

  constructor(segments: Iterable<Segment>) {
    this.#segments = segments[Symbol.iterator]();
  }

  /** The next part, of at most as many bytes as there is room for of its segment; undefined at the end. */
  next(roomBytes: (segment: Segment) => number): SegmentPart | undefined {
    while (this.#segment === undefined || this.#done >= lengthOf(this.#segment)) {
      // A segment without bytes is a part too: making it may check something.
      const { value, done } = this.#segments.next();
      if (done === true) return undefined;
      this.#segment = value;
      this.#done = 0;
      if (lengthOf(value) === 0) return { segment: value, from: 0, lengthBytes: 0 };
    }
    const from = this.#done;
    const lengthBytes = Math.min(roomBytes(this.#segment), lengthOf(this.#segment) - from);
    this.#done += lengthBytes;
    return { segment: this.#segment, from, lengthBytes };
  }
}

function lengthOf(segment: Segment): number {
  return segment.kind === 'bytes' ? segment.bytes.length : segment.lengthBytes;
}

/** What is written at once: bytes that are gathered in a buffer, and ranges of files between them; used again and again. */
export class Block {
  /** Settles when all bytes that are copied from sources are there. */
  read: Promise<unknown> = Promise.resolve();
  /** Settles when the buffer may be used again. */
  taken: Promise<void> = Promise.resolve();
  /** What is left to do once it has been read, in order: sums, and bytes that depend on them. */
  finishers: (() => void)[] = [];
  /** Shared, so that another thread can read it where it is. */
  readonly #buffer = Buffer.from(new SharedArrayBuffer(BLOCK_BYTES));
  #pieces: Piece[] = [];
  /** Bytes of the buffer that are in use, and those of them that are in pieces. */
  #usedBytes = 0;
  #cutBytes = 0;
  #lengthBytes = 0;

  /** Forgets what it was used for, so that another stream may use it. */
  reset(): void {
    this.read = Promise.resolve();
    this.taken = Promise.resolve();
    this.finishers = [];
    this.#pieces = [];
    this.#usedBytes = 0;
    this.#cutBytes = 0;
    this.#lengthBytes = 0;
  }

  /** Starts to fill the block; false if no segments are left. `takesRanges` says whether it may have ranges of files. */
  startReading(cursor: SegmentCursor, takesRanges: boolean): boolean {
    this.reset();
    const reads: Promise<void>[] = [];
    let hasSegments = false;
    while (this.#usedBytes < BLOCK_BYTES && this.#lengthBytes < BLOCK_AND_RANGES_BYTES) {
      const roomBytes = BLOCK_AND_RANGES_BYTES - this.#lengthBytes;
      const part = cursor.next((segment) =>
        takesRanges && isInFile(segment) ? roomBytes : Math.min(roomBytes, BLOCK_BYTES - this.#usedBytes),
      );
      if (part === undefined) break;
      hasSegments = true;
      this.#lengthBytes += part.lengthBytes;
      const { segment, from, lengthBytes } = part;
      if (takesRanges && isInFile(segment) && lengthBytes > 0) this.#append(rangeOf(segment, from, lengthBytes));
      else this.#place(part, reads);
    }
    this.#cut();
    this.read = Promise.all(reads);
    // Awaited when the block's turn comes; a failure before that must not count as unhandled.
    this.read.catch(() => undefined);
    return hasSegments;
  }

  startTaking(take: (pieces: readonly Piece[]) => Promise<void>): void {
    this.taken = this.#lengthBytes === 0 ? Promise.resolve() : take(this.#pieces);
    this.taken.catch(() => undefined);
  }

  #append(range: FileRange): void {
    this.#cut();
    this.#pieces.push(range);
  }

  /** Makes a piece of what was gathered since the last one. */
  #cut(): void {
    if (this.#usedBytes > this.#cutBytes) this.#pieces.push(this.#buffer.subarray(this.#cutBytes, this.#usedBytes));
    this.#cutBytes = this.#usedBytes;
  }

  #place({ segment, from, lengthBytes }: SegmentPart, reads: Promise<void>[]): void {
    const target = this.#buffer.subarray(this.#usedBytes, this.#usedBytes + lengthBytes);
    this.#usedBytes += lengthBytes;
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

/** Data of a file that nobody has to see. */
type InFile = Extract<Segment, { kind: 'data' }> & { readonly source: { readonly descriptor: number } };

function isInFile(segment: Segment): segment is InFile {
  return segment.kind === 'data' && segment.tally === undefined && segment.source.descriptor !== undefined;
}

function rangeOf({ source, offsetBytes }: InFile, from: number, lengthBytes: number): FileRange {
  assertInside(source, lengthBytes, offsetBytes + from);
  return { descriptor: source.descriptor, offsetBytes: offsetBytes + from, lengthBytes };
}
