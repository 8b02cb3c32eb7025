import { Chess, type Color, type PieceSymbol, type Square, validateFen } from 'chess.js';

/** A valid position, or why the text is not one. */
export type FenReading = { readonly ok: true; readonly fen: string } | { readonly ok: false; readonly problem: string };

/** A side's piece on a square. */
export type PlacedPiece = `${Color}${Uppercase<PieceSymbol>}`;

/** Where king and rook must stand while a castling right is left. */
const CASTLING_PLACES: Readonly<Record<string, readonly [color: Color, king: Square, rook: Square]>> = {
  K: ['w', 'e1', 'h1'],
  Q: ['w', 'e1', 'a1'],
  k: ['b', 'e8', 'h8'],
  q: ['b', 'e8', 'a8'],
};

/** All castling rights, in the order in which a FEN has them. */
export const CASTLING_RIGHTS = ['K', 'Q', 'k', 'q'] as const;

/** One of {@link CASTLING_RIGHTS}. */
export type CastlingRight = (typeof CASTLING_RIGHTS)[number];

const SIDES = { w: 'White', b: 'Black' } as const;

/** What a side is called. */
const sideName = (color: Color): string => SIDES[color];

/** Reads a position in Forsyth–Edwards notation; the two counters at its end may be left out. */
export function readFen(text: string): FenReading {
  const fields = text.trim().split(/\s+/);
  if (fields[0] === '') return refuse('Enter a position, such as that of the example "Start".');
  const complete = (fields.length === 4 ? [...fields, '0', '1'] : fields).join(' ');
  const { ok, error } = validateFen(complete);
  if (!ok) return refuse(`This is not a position: ${(error ?? 'it cannot be read').replace(/^Invalid FEN: /, '')}.`);
  const chess = new Chess(complete, { skipValidation: true });
  const waiting = chess.turn() === 'w' ? 'b' : 'w';
  const [king] = chess.findPiece({ type: 'k', color: waiting });
  if (king !== undefined && chess.isAttacked(king, chess.turn())) {
    return refuse(`${sideName(waiting)} is in check, but ${sideName(chess.turn())} is to move.`);
  }
  const missing = [...(fields[2] ?? '-').replace('-', '')].find((right) => !hasPlaces(chess, right));
  if (missing !== undefined) {
    const [color, kingSquare, rookSquare] = CASTLING_PLACES[missing] ?? ['w', 'e1', 'h1'];
    const pieces = `the king on ${kingSquare} and a rook on ${rookSquare}`;
    return refuse(`${sideName(color)} can have the castling right ${missing} only with ${pieces}.`);
  }
  return { ok: true, fen: complete };
}

function refuse(problem: string): FenReading {
  return { ok: false, problem };
}

function hasPlaces(chess: Chess, right: string): boolean {
  const place = CASTLING_PLACES[right];
  if (place === undefined) return false;
  const [color, king, rook] = place;
  return isPiece(chess, king, 'k', color) && isPiece(chess, rook, 'r', color);
}

function isPiece(chess: Chess, square: Square, type: PieceSymbol, color: Color): boolean {
  const piece = chess.get(square);
  return piece?.type === type && piece.color === color;
}

/** The state of the game, as a word for styling and a sentence for people. */
export interface PositionWords {
  readonly kind: 'normal' | 'check' | 'over';
  readonly sentence: string;
  /** Square of the king that is in check. */
  readonly checked: Square | undefined;
}

/** Describes the state of a valid position. */
export function describePosition(fen: string): PositionWords {
  const chess = new Chess(fen, { skipValidation: true });
  const side = sideName(chess.turn());
  const other = sideName(chess.turn() === 'w' ? 'b' : 'w');
  const [king] = chess.findPiece({ type: 'k', color: chess.turn() });
  const checked = chess.isCheck() ? king : undefined;
  if (chess.isCheckmate()) return { kind: 'over', sentence: `Checkmate. ${other} has won.`, checked };
  if (chess.isStalemate()) {
    return { kind: 'over', sentence: `Stalemate. ${side} has no move and is not in check: a draw.`, checked };
  }
  if (chess.isInsufficientMaterial()) {
    return { kind: 'over', sentence: 'Draw. Neither side has enough pieces to mate.', checked };
  }
  if (chess.isDrawByFiftyMoves()) {
    return { kind: 'over', sentence: 'Draw. Fifty moves without a capture or a pawn move.', checked };
  }
  if (checked) return { kind: 'check', sentence: `${side} is in check and to move.`, checked };
  return { kind: 'normal', sentence: `${side} to move.`, checked };
}
