import { NotationError, openPosition } from '@caissa/chess/position';
import { Chess, type Color, type PieceSymbol, type Square } from 'chess.js';

/** A valid position, or why the text is not one. */
export type FenReading = { readonly ok: true; readonly fen: string } | { readonly ok: false; readonly problem: string };

/** A side's piece on a square. */
export type PlacedPiece = `${Color}${Uppercase<PieceSymbol>}`;

/** All castling rights, in the order in which a FEN has them. */
export const CASTLING_RIGHTS = ['K', 'Q', 'k', 'q'] as const;

/** One of {@link CASTLING_RIGHTS}. */
export type CastlingRight = (typeof CASTLING_RIGHTS)[number];

const SIDES = { w: 'White', b: 'Black' } as const;

/** What a side is called. */
const sideName = (color: Color): string => SIDES[color];

/** Reads a position in Forsyth–Edwards notation; the two counters at its end may be left out. */
export function readFen(text: string): FenReading {
  if (text.trim() === '') return { ok: false, problem: 'Enter a position, such as that of the example "Start".' };
  try {
    return { ok: true, fen: openPosition(text).fen };
  } catch (error) {
    if (error instanceof NotationError) return { ok: false, problem: error.message };
    throw error;
  }
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
