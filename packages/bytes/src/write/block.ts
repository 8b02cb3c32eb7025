import type { FileRange, Piece, SourceRange } from '../byte-io.js';
import { allEnded } from '../thread/all-ended.js';

/** Large enough that calls cost nothing beside the bytes; three of them still fit the cache of most processors. */
const BUFFER_BYTES = 2 << 20;

/** With ranges of files, which take no memory, a block may have more: each block wakes the thread that writes, and this one. */
const BLOCK_BYTES = 4 << 20;

/** No element of a tensor is larger, and larger ones are multiples of smaller ones. */
const LARGEST_ITEM_BYTES = 16;

/**
 * Looks at bytes of a range that were read, and may change them in place. It is given them in order, in pieces of whole
 * elements, each with the byte of the range at which it starts.
 */
export type Visit = (bytes: Uint8Array, fromByte: number) => void | Promise<void>;

/** What is written at once: bytes that are gathered in a buffer, and ranges of files between them; used again and again. */
export class Block {
  /** Settles when the block may be used again. */
  settled: Promise<void> = Promise.resolve();
  /** Shared, so that another thread can read it where it is. */
  readonly #buffer = new Uint8Array(new SharedArrayBuffer(BUFFER_BYTES));
  #pieces: Piece[] = [];
  #reads: (() => Promise<void>)[] = [];
  #finishers: (() => void | Promise<void>)[] = [];
  #lengthBytes = 0;
  /** Bytes of the buffer that are in use, and those of them that are in pieces. */
  #usedBytes = 0;
  #cutBytes = 0;

  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  get isFull(): boolean {
    return this.#roomBytes === 0;
  }

  /** Whether {@link finish} has anything to do. */
  get isLookedAt(): boolean {
    return this.#finishers.length > 0;
  }

  /** Takes as much of these bytes as there is room for; returns how much that is, as the next three do. */
  copy(bytes: Uint8Array): number {
    const target = this.#reserve(bytes.length);
    target.set(bytes.subarray(0, target.length));
    return target.length;
  }

  /** Has a range of a file written that nobody here need see. */
  refer({ descriptor, offsetBytes, lengthBytes: wantedBytes }: FileRange): number {
    const lengthBytes = Math.min(wantedBytes, BLOCK_BYTES - this.#lengthBytes);
    if (lengthBytes === 0) return 0;
    this.#cut();
    this.#pieces.push({ descriptor, offsetBytes, lengthBytes });
    this.#lengthBytes += lengthBytes;
    return lengthBytes;
  }

  /** Has a range read by {@link load}, and looked at by {@link finish}. */
  read({ source, offsetBytes, lengthBytes }: SourceRange, visit?: (bytes: Uint8Array) => void | Promise<void>): number {
    const isCut = visit !== undefined && lengthBytes > this.#roomBytes;
    const target = this.#reserve(isCut ? this.#roomBytes - (this.#roomBytes % LARGEST_ITEM_BYTES) : lengthBytes);
    if (target.length === 0) return 0;
    this.#reads.push(() => source.readInto(target, offsetBytes));
    if (visit) this.#finishers.push(() => visit(target));
    return target.length;
  }

  /** Has bytes made by {@link finish}. */
  makeLater(lengthBytes: number, fill: (target: Uint8Array) => void): number {
    const target = this.#reserve(lengthBytes);
    this.#finishers.push(() => fill(target));
    return target.length;
  }

  /** Reads what is missing, all at once. No read is under way when it settles. */
  async load(): Promise<void> {
    await allEnded(this.#reads.map((read) => read()));
  }

  /** Does what can be done only when everything before it has been read; gives what is to be written. */
  async finish(): Promise<readonly Piece[]> {
    for (const finish of this.#finishers) await finish();
    this.#cut();
    return this.#pieces;
  }

  /** Forgets what it was used for. */
  reset(): void {
    this.#pieces = [];
    this.#reads = [];
    this.#finishers = [];
    this.#lengthBytes = 0;
    this.#usedBytes = 0;
    this.#cutBytes = 0;
  }

  /** What the buffer can still take. */
  get #roomBytes(): number {
    return Math.min(BUFFER_BYTES - this.#usedBytes, BLOCK_BYTES - this.#lengthBytes);
  }

  #reserve(wantedBytes: number): Uint8Array {
    const sizeBytes = Math.min(wantedBytes, this.#roomBytes);
    const target = this.#buffer.subarray(this.#usedBytes, this.#usedBytes + sizeBytes);
    this.#usedBytes += sizeBytes;
    this.#lengthBytes += sizeBytes;
    return target;
  }

  /** Makes a piece of what was gathered in the buffer since the last one. */
  #cut(): void {
    if (this.#usedBytes > this.#cutBytes) this.#pieces.push(this.#buffer.subarray(this.#cutBytes, this.#usedBytes));
    this.#cutBytes = this.#usedBytes;
  }
}
