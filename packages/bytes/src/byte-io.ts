import { allEnded } from './thread/all-ended.js';

/** Bytes `offsetBytes` to `offsetBytes + lengthBytes` of a file, or of whatever else the holder of the range knows. */
export interface ByteRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A range of an open file. */
export interface FileRange extends ByteRange {
  readonly descriptor: number;
}

/** A range of a source. */
export interface SourceRange extends ByteRange {
  readonly source: ByteSource;
}

/** Bytes that are to be written: those that are here, or those of a file. */
export type Piece = Uint8Array | FileRange;

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

/** A file that is open, in one state of it, wherever it lies. */
export interface OpenFile extends ByteSource {
  /** Whether what was read so far, and will be, belongs to one state. */
  isUnchanged(): Promise<boolean>;
  /** Ends the use of it; reads that are under way end first. */
  close(): Promise<void>;
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

/** How many bytes several pieces have. */
export function totalBytes(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + (piece instanceof Uint8Array ? piece.length : piece.lengthBytes), 0);
}

/** Writes pieces; those that are ranges of files only into a sink that takes them. */
export async function writePieces(sink: ByteSink, pieces: readonly Piece[]): Promise<void> {
  if (sink.writePieces) return sink.writePieces(pieces);
  const writes = pieces.map((piece) => {
    if (piece instanceof Uint8Array) return sink.write(piece);
    throw new TypeError('the sink does not take ranges of files');
  });
  await allEnded(writes);
}
