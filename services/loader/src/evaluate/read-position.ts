import { encodePosition } from '@caissa/chess';
import { openPosition } from '@caissa/chess/position';
import type { PositionState } from '@caissa/shared/contracts';
import type { Chess } from 'chess.js';
import { type LegalMove, legalMoves } from './legal-moves.js';

/** A position as the network and as chess sees it. */
export interface ReadPosition {
  /** [14, 8, 8] float32. */
  readonly board: Float32Array;
  readonly state: PositionState;
  readonly moves: readonly LegalMove[];
}

/** Reads a position and finds its legal moves. @throws NotationError FEN_INVALID */
export function readPosition(text: string): ReadPosition {
  const { fen, chess } = openPosition(text);
  const moves = legalMoves(chess);
  return { board: encodePosition(fen), state: stateOf(chess, moves.length), moves };
}

function stateOf(chess: Chess, moves: number): PositionState {
  const inCheck = chess.isCheck();
  if (moves === 0) return inCheck ? 'checkmate' : 'stalemate';
  if (chess.isInsufficientMaterial() || chess.isDrawByFiftyMoves()) return 'draw';
  return inCheck ? 'check' : 'normal';
}
