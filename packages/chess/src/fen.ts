import { quoteName } from '@caissa/bytes';

/** Which kind of text could not be read. */
export type NotationErrorCode = 'FEN_INVALID' | 'MOVE_INVALID';

/** A position or move whose text is not well formed. The message says what is wrong in one sentence for a person. */
export class NotationError extends Error {
  override readonly name = 'NotationError';
  readonly code: NotationErrorCode;

  constructor(code: NotationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the network's input needs of a position. */
export interface Position {
  /** A letter of `PNBRQKpnbrqk` or undefined for each square, a1 = 0, b1 = 1 … h8 = 63. */
  readonly pieces: readonly (string | undefined)[];
  readonly whiteToMove: boolean;
  /** Castling rights that are left, 0 to 4. */
  readonly castlingRights: number;
}

const CASTLING = /^(-|(?=.)K?Q?k?q?)$/;
const EN_PASSANT = /^(-|[a-h][36])$/;
const COUNTER = /^\d{1,5}$/;

/**
 * Reads a position in Forsyth–Edwards notation, with its four or all six fields. Only the notation is checked, not
 * whether the position can be reached in a game.
 * Source: Portable Game Notation Specification, section 16.1.
 * @throws NotationError FEN_INVALID
 */
export function parseFen(fen: string): Position {
  const fields = fen.trim().split(/ +/);
  if (fields.length !== 4 && fields.length !== 6) throw invalid(`it has ${fields.length} fields instead of 6`);
  const [board = '', turn = '', castling = '', enPassant = '', ...counters] = fields;
  if (turn !== 'w' && turn !== 'b') throw invalid(`the side to move is ${quoteName(turn)} instead of w or b`);
  if (!CASTLING.test(castling))
    throw invalid(`the castling rights ${quoteName(castling)} are not - or letters of KQkq in order`);
  if (!EN_PASSANT.test(enPassant)) throw invalid(`the en passant square is ${quoteName(enPassant)}`);
  const counter = counters.find((text) => !COUNTER.test(text));
  if (counter !== undefined) throw invalid(`the move counter ${quoteName(counter)} is not a number`);
  return {
    pieces: parseBoard(board),
    whiteToMove: turn === 'w',
    castlingRights: castling === '-' ? 0 : castling.length,
  };
}

function parseBoard(board: string): (string | undefined)[] {
  const ranks = board.split('/');
  if (ranks.length !== 8) throw invalid(`the board has ${ranks.length} ranks instead of 8`);
  // FEN begins with the eighth rank, squares are counted from the first.
  return ranks.reverse().flatMap((rank, index) => parseRank(rank, index + 1));
}

function parseRank(text: string, rank: number): (string | undefined)[] {
  const squares: (string | undefined)[] = [];
  for (const letter of text) {
    if (/[1-8]/.test(letter)) squares.push(...new Array<undefined>(Number(letter)));
    else if (/[PNBRQKpnbrqk]/.test(letter)) squares.push(letter);
    else throw invalid(`rank ${rank} holds ${quoteName(letter)}, which is no piece`);
    if (squares.length > 8) break;
  }
  if (squares.length !== 8) throw invalid(`rank ${rank} does not have 8 squares`);
  return squares;
}

function invalid(reason: string): NotationError {
  return new NotationError('FEN_INVALID', `The position is not valid FEN: ${reason}.`);
}
