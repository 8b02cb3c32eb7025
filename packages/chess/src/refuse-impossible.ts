import { NotationError, type Position } from './fen.js';

/** A side, and the case in which a FEN has its pieces. */
interface Side {
  readonly name: string;
  /** A piece in the case of the side. */
  letter(piece: string): string;
}

const WHITE: Side = { name: 'White', letter: (piece) => piece };
const BLACK: Side = { name: 'Black', letter: (piece) => piece.toLowerCase() };

/** What a side starts a game with, king aside. */
const AT_START = { P: 8, N: 2, B: 2, R: 2, Q: 1 } as const;
const PIECES_AT_START = 16;

/** Where king and rook stand while a castling right is left. */
const CASTLING_SQUARES: Readonly<Record<string, readonly [side: Side, king: string, rook: string]>> = {
  K: [WHITE, 'e1', 'h1'],
  Q: [WHITE, 'e1', 'a1'],
  k: [BLACK, 'e8', 'h8'],
  q: [BLACK, 'e8', 'a8'],
};

/**
 * Refuses what is well written and can stand on no board: kings missing or too many, more pieces than a side can have,
 * pawns where none can be, castling rights and en passant squares without the pieces that they need.
 * @throws NotationError FEN_INVALID
 */
export function refuseImpossible(position: Position): void {
  for (const side of [WHITE, BLACK]) refuseCounts(position, side);
  const edge = position.pieces.findIndex((piece, index) => /^p$/i.test(piece ?? '') && (index < 8 || index >= 56));
  if (edge !== -1) throw impossible(`no pawn can stand on ${squareName(edge)}`);
  for (const right of position.castling) refuseCastling(position, right);
  const { enPassant } = position;
  if (enPassant !== undefined && !couldJustHavePassed(position, enPassant)) {
    throw impossible(`no pawn can just have passed ${enPassant}`);
  }
}

/** The error that a position gets which cannot be on a board. */
export function impossible(reason: string): NotationError {
  return new NotationError('FEN_INVALID', `The position is not possible: ${reason}.`);
}

function refuseCounts({ pieces }: Position, side: Side): void {
  const count = (piece: string) => pieces.filter((found) => found === side.letter(piece)).length;
  const kings = count('K');
  if (kings !== 1) throw impossible(`${side.name} has ${kings === 0 ? 'no king' : `${kings} kings`}`);
  const pawns = count('P');
  if (pawns > AT_START.P) throw impossible(`${side.name} has ${pawns} pawns, and a side has at most ${AT_START.P}`);
  const others = (['N', 'B', 'R', 'Q'] as const).map((piece) => ({ found: count(piece), atStart: AT_START[piece] }));
  const all = others.reduce((sum, { found }) => sum + found, kings + pawns);
  if (all > PIECES_AT_START) {
    throw impossible(`${side.name} has ${all} pieces, and a side has at most ${PIECES_AT_START}`);
  }
  const promoted = others.reduce((sum, { found, atStart }) => sum + Math.max(0, found - atStart), 0);
  const missing = AT_START.P - pawns;
  if (promoted > missing) {
    throw impossible(`${side.name} has more promoted pieces (${promoted}) than missing pawns (${missing})`);
  }
}

function refuseCastling(position: Position, right: string): void {
  const squares = CASTLING_SQUARES[right];
  if (squares === undefined) {
    throw impossible(`the castling right ${right} is one of Chess960, and only those of standard chess are known here`);
  }
  const [side, king, rook] = squares;
  if (pieceOn(position, king) !== side.letter('K') || pieceOn(position, rook) !== side.letter('R')) {
    throw impossible(`the castling right ${right} needs ${side.name}'s king on ${king} and a rook on ${rook}`);
  }
}

/** Whether a pawn of the side that has moved stands before the square, and came over it. */
function couldJustHavePassed(position: Position, square: string): boolean {
  const file = square.slice(0, 1);
  const { whiteToMove } = position;
  const [passed, after, before, pawn] = whiteToMove ? ['6', '5', '7', 'p'] : ['3', '4', '2', 'P'];
  return (
    square[1] === passed &&
    pieceOn(position, `${file}${after}`) === pawn &&
    pieceOn(position, square) === undefined &&
    pieceOn(position, `${file}${before}`) === undefined
  );
}

function pieceOn({ pieces }: Position, square: string): string | undefined {
  return pieces[(Number(square[1]) - 1) * 8 + FILES.indexOf(square.slice(0, 1))];
}

function squareName(index: number): string {
  return `${FILES[index % 8]}${Math.floor(index / 8) + 1}`;
}

const FILES = 'abcdefgh';
