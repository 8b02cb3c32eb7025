import { quoteName } from '@caissa/bytes/format-error';

/** Which kind of text could not be read. */
export type NotationErrorCode = 'FEN_INVALID' | 'MOVE_INVALID';

/** A position or move that is not one. The message says what is wrong in one sentence for a person. */
export class NotationError extends Error {
  override readonly name = 'NotationError';
  readonly code: NotationErrorCode;

  constructor(code: NotationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a text in Forsyth–Edwards notation says. */
export interface Position {
  /** A letter of `PNBRQKpnbrqk` or undefined for each square, a1 = 0, b1 = 1 … h8 = 63. */
  readonly pieces: readonly (string | undefined)[];
  readonly whiteToMove: boolean;
  /** Letters of the castling rights that are left: of `KQkq`, or the rook's file where that is neither the a- nor the h-file. */
  readonly castling: readonly string[];
  /** The square that a pawn has just passed. */
  readonly enPassant: string | undefined;
  /** Half-moves since the last capture or pawn move. */
  readonly halfMoves: number;
  readonly moveNumber: number;
}

/** With the files of Shredder-FEN and X-FEN, which name the rook's file; no letter twice. */
const CASTLING = /^(-|(?=.{1,8}$)(?!.*(.).*\2)[KQA-H]*[kqa-h]*)$/;
const EN_PASSANT = /^(-|[a-h][36])$/;
const COUNTER = /^\d{1,5}$/;

/** What a rook's file means in the chess that starts from one position. */
const BY_ROOK: Readonly<Record<string, string>> = { H: 'K', A: 'Q', h: 'k', a: 'q' };

/**
 * Reads a position in Forsyth–Edwards notation, with or without its two counters; castling rights also as Shredder-FEN has
 * them, and move number 0, which several programs write, as 1. Only the notation is checked, not the position.
 * Source: Portable Game Notation Specification, section 16.1.
 * @throws NotationError FEN_INVALID
 */
export function parseFen(fen: string): Position {
  const fields = fen.trim().split(/\s+/);
  if (fields.length < 4 || fields.length > 6) throw notFen(`it has ${fields.length} fields instead of 6`);
  const [board = '', turn = '', castling = '', enPassant = '', ...counters] = fields;
  if (turn !== 'w' && turn !== 'b') throw notFen(`the side to move is ${quoteName(turn)} instead of w or b`);
  if (!EN_PASSANT.test(enPassant)) throw notFen(`the en passant square is ${quoteName(enPassant)}`);
  const counter = counters.find((text) => !COUNTER.test(text));
  if (counter !== undefined) throw notFen(`the move counter ${quoteName(counter)} is no whole number from 0 to 99999`);
  const [halfMoves = '0', moveNumber = '1'] = counters;
  return {
    pieces: parseBoard(board),
    whiteToMove: turn === 'w',
    castling: parseCastling(castling),
    enPassant: enPassant === '-' ? undefined : enPassant,
    halfMoves: Number(halfMoves),
    moveNumber: Math.max(1, Number(moveNumber)),
  };
}

function parseBoard(board: string): (string | undefined)[] {
  const ranks = board.split('/');
  if (ranks.length !== 8) throw notFen(`the board has ${ranks.length} ranks instead of 8`);
  // FEN begins with the eighth rank, squares are counted from the first.
  return ranks.reverse().flatMap((rank, index) => parseRank(rank, index + 1));
}

function parseRank(text: string, rank: number): (string | undefined)[] {
  const squares: (string | undefined)[] = [];
  let before = '';
  for (const letter of text) {
    if (/[1-8]/.test(letter)) {
      if (/\d/.test(before)) throw notFen(`rank ${rank} has two numbers in a row`);
      squares.push(...new Array<undefined>(Number(letter)));
    } else if (/[PNBRQKpnbrqk]/.test(letter)) squares.push(letter);
    else throw notFen(`rank ${rank} holds ${quoteName(letter)}, which is no piece`);
    if (squares.length > 8) break;
    before = letter;
  }
  if (squares.length !== 8) throw notFen(`rank ${rank} does not have 8 squares`);
  return squares;
}

function parseCastling(text: string): string[] {
  if (!CASTLING.test(text)) {
    throw notFen(`the castling rights ${quoteName(text)} are neither - nor letters of KQkq or of files, White's first`);
  }
  // A right may be named twice, as KH: by its letter and by its rook.
  return text === '-' ? [] : [...new Set([...text].map((letter) => BY_ROOK[letter] ?? letter))];
}

function notFen(reason: string): NotationError {
  return new NotationError('FEN_INVALID', `The position is not valid FEN: ${reason}.`);
}
