import { Chess, DEFAULT_POSITION, type Square } from 'chess.js';

/** A move that was made. */
interface PlayedMove {
  /** From, to, and the piece of a promotion: `e2e4`, `e7e8q`. */
  readonly uci: string;
  readonly san: string;
  /** The position after it. */
  readonly fen: string;
}

/** A position, and how it came to be. */
export interface Game {
  readonly start: string;
  readonly moves: readonly PlayedMove[];
}

/** Where a game of chess begins. */
export const START_FEN = DEFAULT_POSITION;

/** A game that begins with a position. */
export function gameFrom(fen: string): Game {
  return { start: fen, moves: [] };
}

/** The position that a game has come to. */
export function fenOf({ start, moves }: Game): string {
  return moves.at(-1)?.fen ?? start;
}

/** The game with one more move, or undefined if the move is not legal. */
export function play(game: Game, uci: string): Game | undefined {
  const chess = new Chess(fenOf(game), { skipValidation: true });
  try {
    const { san } = chess.move({ from: uci.slice(0, 2), to: uci.slice(2, 4), promotion: uci.slice(4) || 'q' });
    // Only pawns are promoted, and a promotion has to name the piece.
    if (san.includes('=') !== uci.length > 4) return undefined;
    return { start: game.start, moves: [...game.moves, { uci, san, fen: chess.fen() }] };
  } catch {
    return undefined;
  }
}

/** The game without its last move. */
export function undo({ start, moves }: Game): Game {
  return { start, moves: moves.slice(0, -1) };
}

/** Squares that the piece of a square can go to. */
export function targetsOf(fen: string, from: Square): Square[] {
  const chess = new Chess(fen, { skipValidation: true });
  return [...new Set(chess.moves({ square: from, verbose: true }).map(({ to }) => to))];
}

/** Whether a move takes a pawn to its last rank, so that the piece it becomes has to be named. */
export function isPromotion(fen: string, from: Square, to: Square): boolean {
  const piece = new Chess(fen, { skipValidation: true }).get(from);
  return piece?.type === 'p' && (to[1] === '1' || to[1] === '8') && targetsOf(fen, from).includes(to);
}

/** A move as somebody wrote it, or why the text is not one. */
export type MoveReading =
  | { readonly ok: true; readonly uci: string }
  | { readonly ok: false; readonly problem: string };

const UCI = /^([a-h][1-8])-?([a-h][1-8])=?([qrbn])?$/i;

/** Reads a move in algebraic (`Nf3`, `exd5`, `e8=Q`, `O-O`) or long notation (`g1f3`). */
export function readMove(fen: string, text: string): MoveReading {
  const written = text
    .trim()
    .replace(/^0-0-0/, 'O-O-O')
    .replace(/^0-0/, 'O-O');
  if (written === '') return { ok: false, problem: 'Enter a move, such as Nf3 or e2e4.' };
  const [, from, to, promotion = ''] = UCI.exec(written) ?? [];
  if (from !== undefined && to !== undefined) {
    const move = `${from}${to}`.toLowerCase();
    if (promotion === '' && isPromotion(fen, move.slice(0, 2) as Square, move.slice(2) as Square)) {
      return { ok: false, problem: `Say what the pawn becomes: ${move}q, ${move}r, ${move}b or ${move}n.` };
    }
    const uci = `${move}${promotion.toLowerCase()}`;
    return play(gameFrom(fen), uci) ? { ok: true, uci } : notLegal(fen, text);
  }
  return readAlgebraic(fen, written) ?? notLegal(fen, text);
}

function readAlgebraic(fen: string, written: string): MoveReading | undefined {
  const moves = new Chess(fen, { skipValidation: true }).moves({ verbose: true });
  const bare = written.replace(/[+#!?]+$/, '');
  // A pawn's b and the bishop's B are distinguished first; after that, upper and lower case are the same.
  const found =
    moves.filter(({ san }) => san.replace(/[+#]$/, '') === bare)[0] ??
    onlyOne(moves.filter(({ san }) => san.replace(/[+#]$/, '').toLowerCase() === bare.toLowerCase()));
  if (found) return { ok: true, uci: `${found.from}${found.to}${found.promotion ?? ''}` };
  if (moves.some(({ san }) => san.startsWith(`${bare}=`))) {
    return { ok: false, problem: `Say what the pawn becomes: ${bare}=Q, ${bare}=R, ${bare}=B or ${bare}=N.` };
  }
  const piece = bare[0] ?? '';
  const target = bare.slice(-2);
  const fitting = moves.filter(({ san, to }) => 'NBRQ'.includes(piece) && san.startsWith(piece) && to === target);
  if (fitting.length < 2) return undefined;
  return { ok: false, problem: `More than one piece can go there: ${fitting.map(({ san }) => san).join(' or ')}.` };
}

function onlyOne<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

function notLegal(fen: string, text: string): MoveReading {
  const example = new Chess(fen, { skipValidation: true }).moves()[0];
  if (example === undefined) return { ok: false, problem: 'The game is over: there is no move to make.' };
  return { ok: false, problem: `"${text.trim()}" is not a legal move here. One that is: ${example}.` };
}
