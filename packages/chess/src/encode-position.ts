import { SQUARES } from './architecture.js';
import { NETWORK_INTERFACE } from './check-architecture.js';
import { parseFen } from './fen.js';

/** The piece of each of the first twelve planes. */
const PIECE_PLANES = 'PNBRQKpnbrqk';
const TURN_PLANE = 12;
const CASTLING_PLANE = 13;
const PER_CASTLING_RIGHT = 0.25;

/**
 * A position as the network's input `[14, 8, 8]`, `[plane][rank][file]` from a1: 1 where a piece of the plane's kind
 * stands (white P N B R Q K, then black), plane 12 all 1 when White is to move, plane 13 all 0.25 per castling right.
 * @throws NotationError FEN_INVALID
 */
export function encodePosition(fen: string): Float32Array {
  const { pieces, whiteToMove, castling } = parseFen(fen);
  const planes = new Float32Array(NETWORK_INTERFACE.planes * SQUARES);
  pieces.forEach((piece, square) => {
    if (piece !== undefined) planes[PIECE_PLANES.indexOf(piece) * SQUARES + square] = 1;
  });
  fillPlane(planes, TURN_PLANE, whiteToMove ? 1 : 0);
  fillPlane(planes, CASTLING_PLANE, castling.length * PER_CASTLING_RIGHT);
  return planes;
}

/**
 * Positions as one batch `[positions, 14, 8, 8]`.
 * @throws NotationError FEN_INVALID
 */
export function encodePositions(fens: readonly string[]): Float32Array {
  const size = NETWORK_INTERFACE.planes * SQUARES;
  const boards = new Float32Array(fens.length * size);
  fens.forEach((fen, index) => {
    boards.set(encodePosition(fen), index * size);
  });
  return boards;
}

function fillPlane(planes: Float32Array, plane: number, value: number): void {
  planes.fill(value, plane * SQUARES, (plane + 1) * SQUARES);
}
