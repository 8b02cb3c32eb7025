import type { Color, PieceSymbol, Square } from 'chess.js';
import { CASTLING_RIGHTS, type CastlingRight, type PlacedPiece } from './position';

const FILES = 'abcdefgh';

/** The squares, from a8 to h1, as they stand in a FEN. */
export const SQUARES_IN_ORDER: readonly Square[] = Array.from(
  { length: 64 },
  (_, index) => `${FILES[index % 8]}${8 - Math.floor(index / 8)}` as Square,
);

/** A board without any piece. */
export const EMPTY_FEN = '8/8/8/8/8/8/8/8 w - - 0 1';

/** The pieces of a FEN by square; it need not be a position that can be played. */
export function piecesOf(fen: string): Partial<Record<Square, PlacedPiece>> {
  const pieces: Partial<Record<Square, PlacedPiece>> = {};
  let index = 0;
  for (const letter of fen.split(' ')[0] ?? '') {
    const square = SQUARES_IN_ORDER[index];
    if (letter === '/') continue;
    if (/\d/.test(letter)) index += Number(letter);
    else if (square !== undefined) {
      pieces[square] = toPiece(letter);
      index += 1;
    }
  }
  return pieces;
}

function toPiece(letter: string): PlacedPiece {
  const color: Color = letter === letter.toUpperCase() ? 'w' : 'b';
  return `${color}${letter.toUpperCase() as Uppercase<PieceSymbol>}`;
}

/** The side to move of a FEN. */
export function turnOf(fen: string): Color {
  return fen.split(' ')[1] === 'b' ? 'b' : 'w';
}

/** Whether a FEN has a castling right. */
export function hasRight(fen: string, right: CastlingRight): boolean {
  return (fen.split(' ')[2] ?? '').includes(right);
}

/**
 * The FEN with a piece put on a square, or with the square emptied. Castling rights that this makes impossible are
 * dropped.
 */
export function withPiece(fen: string, square: Square, piece: PlacedPiece | undefined): string {
  const pieces = piecesOf(fen);
  if (piece === undefined) delete pieces[square];
  else pieces[square] = piece;
  return write(pieces, turnOf(fen), rightsOf(fen));
}

/** The FEN with a piece moved anywhere, whatever the rules say. */
export function withPieceMoved(fen: string, from: Square, to: Square): string {
  const piece = piecesOf(fen)[from];
  return from === to || piece === undefined ? fen : withPiece(withPiece(fen, from, undefined), to, piece);
}

/** The FEN with another side to move. */
export function withTurn(fen: string, turn: Color): string {
  return write(piecesOf(fen), turn, rightsOf(fen));
}

/** The FEN with a castling right given or taken. One that king and rook do not allow is not given. */
export function withRight(fen: string, right: CastlingRight, given: boolean): string {
  const others = rightsOf(fen).filter((one) => one !== right);
  return write(piecesOf(fen), turnOf(fen), given ? [...others, right] : others);
}

/** Whether king and rook stand where a castling right needs them. */
export function allowsRight(fen: string, right: CastlingRight): boolean {
  return isAllowed(piecesOf(fen), right);
}

function isAllowed(pieces: Partial<Record<Square, PlacedPiece>>, right: CastlingRight): boolean {
  const color = right === right.toUpperCase() ? 'w' : 'b';
  const rank = color === 'w' ? 1 : 8;
  const rook = `${right.toLowerCase() === 'k' ? 'h' : 'a'}${rank}` as Square;
  return pieces[`e${rank}`] === `${color}K` && pieces[rook] === `${color}R`;
}

function rightsOf(fen: string): CastlingRight[] {
  return CASTLING_RIGHTS.filter((right) => hasRight(fen, right));
}

/** In a position that is set up the move counts start afresh, and no pawn has just moved. */
function write(pieces: Partial<Record<Square, PlacedPiece>>, turn: Color, rights: readonly CastlingRight[]): string {
  const letters = SQUARES_IN_ORDER.map((square) => {
    const piece = pieces[square];
    if (piece === undefined) return '1';
    return piece[0] === 'w' ? piece[1] : piece[1]?.toLowerCase();
  });
  const ranks = Array.from({ length: 8 }, (_, rank) => letters.slice(rank * 8, rank * 8 + 8).join(''));
  const placement = ranks.join('/').replace(/1+/g, (empty) => String(empty.length));
  const castling = CASTLING_RIGHTS.filter((right) => rights.includes(right) && isAllowed(pieces, right)).join('');
  return `${placement} ${turn} ${castling || '-'} - 0 1`;
}
