import { Chess } from 'chess.js';
import { type Position, parseFen } from './fen.js';
import { impossible, refuseImpossible } from './refuse-impossible.js';

export { NotationError } from './fen.js';

/** A position that can be played. */
export interface OpenPosition {
  /** As every program reads it: six fields, castling rights of `KQkq`, moves counted from 1. */
  readonly fen: string;
  /** Its rules. */
  readonly chess: Chess;
}

/**
 * Reads a position that can be played on from.
 * @throws NotationError FEN_INVALID
 */
export function openPosition(text: string): OpenPosition {
  const position = parseFen(text);
  refuseImpossible(position);
  const fen = writeFen(position, text);
  const chess = new Chess(fen, { skipValidation: true });
  const [mover, waiting] = position.whiteToMove ? (['White', 'Black'] as const) : (['Black', 'White'] as const);
  const [king] = chess.findPiece({ type: 'k', color: position.whiteToMove ? 'b' : 'w' });
  if (king !== undefined && chess.isAttacked(king, chess.turn())) {
    throw impossible(`${waiting} is in check, but ${mover} is to move`);
  }
  return { fen, chess };
}

function writeFen({ castling, enPassant = '-', halfMoves, moveNumber }: Position, text: string): string {
  const [board, turn] = text.trim().split(/\s+/);
  const rights = castling.length === 0 ? '-' : [...'KQkq'].filter((right) => castling.includes(right)).join('');
  return `${board} ${turn} ${rights} ${enPassant} ${halfMoves} ${moveNumber}`;
}
