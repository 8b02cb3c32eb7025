import type { ByteSink } from './byte-io.js';

/** A range of an open file. */
export interface FileRange {
  readonly descriptor: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Bytes that are to be written: those that are here, or those of a file. */
export type Piece = Uint8Array | FileRange;

/** How many bytes a piece has. */
export function pieceBytes(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.lengthBytes;
}

/** How many bytes several pieces have. */
export function totalBytes(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + pieceBytes(piece), 0);
}

/** Writes pieces; those that are ranges of files only into a sink that takes them. */
export async function writePieces(sink: ByteSink, pieces: readonly Piece[]): Promise<void> {
  if (sink.writePieces) return sink.writePieces(pieces);
  const writes = pieces.map((piece) => {
    if (piece instanceof Uint8Array) return sink.write(piece);
    throw new TypeError('the sink does not take ranges of files');
  });
  await Promise.all(writes);
}
