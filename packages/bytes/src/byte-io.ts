import type { Piece } from './pieces.js';

/**
 * Bytes that can be read at any offset: a file, a range of one, a buffer. Sizes and offsets are in bytes and exact up
 * to 2^53 − 1.
 */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Descriptor of the open file whose bytes these are, from its first one on: who copies them need not have them here. */
  readonly descriptor?: number;
  /**
   * Fills the whole of `target` with the bytes that start at `offset`.
   * @throws FormatError ZIP_TRUNCATED if the range does not lie inside the source
   */
  readInto(target: Uint8Array, offset: number): Promise<void>;
}

/**
 * Takes bytes in order. `write` may keep `chunk` until its promise settles, and no longer: the caller reuses the
 * buffer. A caller may start the next write before the last one settled; the order of the calls is the order of the bytes.
 */
export interface ByteSink {
  write(chunk: Uint8Array): Promise<void>;
  /**
   * As `write`, of several pieces; files must stay open until the promise settles. Only sinks that are files have it.
   * @throws FormatError ZIP_TRUNCATED if a file ends before its range does
   */
  writePieces?(pieces: readonly Piece[]): Promise<void>;
}
