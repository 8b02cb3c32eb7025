import { encodePosition, NotationError } from '@caissa/chess';
import type { PositionState } from '@caissa/shared/contracts';
import { Chess, type Color, type Square, validateFen } from 'chess.js';
import { type LegalMove, legalMoves } from './legal-moves.js';

/** A position as the network and as chess sees it. */
export interface ReadPosition {
  /** [14, 8, 8] float32. */
  readonly board: Float32Array;
  readonly state: PositionState;
  readonly moves: readonly LegalMove[];
}

/** The text is no position of chess. The message is a sentence that says why. */
export class PositionError extends Error {
  override readonly name = 'PositionError';
}

/** Where king and rook must stand while a castling right is left. */
const CASTLING: Readonly<Record<string, readonly [color: Color, king: Square, rook: Square]>> = {
  K: ['w', 'e1', 'h1'],
  Q: ['w', 'e1', 'a1'],
  k: ['b', 'e8', 'h8'],
  q: ['b', 'e8', 'a8'],
};

/** Reads a position and finds its legal moves. Counters that are left out are those of a beginning. @throws PositionError */
export function readPosition(fen: string): ReadPosition {
  const board = encode(fen);
  const fields = fen.trim().split(/ +/);
  const complete = (fields.length === 4 ? [...fields, '0', '1'] : fields).join(' ');
  const { ok, error } = validateFen(complete);
  if (!ok) throw new PositionError(`The position is not valid: ${error?.replace(/^Invalid FEN: /, '')}.`);
  const chess = new Chess(complete, { skipValidation: true });
  refuseImpossible(chess, fields);
  const moves = legalMoves(chess);
  return { board, state: stateOf(chess, moves.length), moves };
}

function encode(fen: string): Float32Array {
  try {
    return encodePosition(fen);
  } catch (error) {
    throw error instanceof NotationError ? new PositionError(error.message) : error;
  }
}

/** Refuses what is well written and cannot be on a board: moves would come of it that are not legal. */
function refuseImpossible(chess: Chess, [, , castling = '-', enPassant = '-']: readonly string[]): void {
  const turn = chess.turn();
  const [waitingKing] = chess.findPiece({ type: 'k', color: turn === 'w' ? 'b' : 'w' });
  if (waitingKing !== undefined && chess.isAttacked(waitingKing, turn)) {
    throw new PositionError('The position is not valid: the side that is not to move is in check.');
  }
  for (const letter of castling === '-' ? '' : castling) {
    const place = CASTLING[letter];
    if (place === undefined) continue;
    const [color, king, rook] = place;
    if (!stands(chess, king, 'k', color) || !stands(chess, rook, 'r', color)) {
      throw new PositionError(
        `The position is not valid: the castling right ${letter} needs the king on ${king} and a rook on ${rook}.`,
      );
    }
  }
  if (enPassant !== '-' && !couldJustHavePassed(chess, enPassant)) {
    throw new PositionError(`The position is not valid: no pawn can just have passed ${enPassant}.`);
  }
}

/** Whether a pawn of the side that has moved stands before the square, and came over it. */
function couldJustHavePassed(chess: Chess, square: string): boolean {
  const [file, passed, after, before] = chess.turn() === 'w' ? [square[0], '6', '5', '7'] : [square[0], '3', '4', '2'];
  return (
    square[1] === passed &&
    stands(chess, `${file}${after}` as Square, 'p', chess.turn() === 'w' ? 'b' : 'w') &&
    chess.get(square as Square) === undefined &&
    chess.get(`${file}${before}` as Square) === undefined
  );
}

function stands(chess: Chess, square: Square, type: string, color: Color): boolean {
  const piece = chess.get(square);
  return piece?.type === type && piece.color === color;
}

function stateOf(chess: Chess, moves: number): PositionState {
  const inCheck = chess.isCheck();
  if (moves === 0) return inCheck ? 'checkmate' : 'stalemate';
  if (chess.isInsufficientMaterial() || chess.isDrawByFiftyMoves()) return 'draw';
  return inCheck ? 'check' : 'normal';
}
