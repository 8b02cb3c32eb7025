import { moveIndex } from '@caissa/chess';
import { type Chess, SQUARES } from 'chess.js';

/** A legal move. */
export interface LegalMove {
  readonly uci: string;
  readonly san: string;
  /** Place in the policy; promotions on the same squares share one. */
  readonly index: number;
}

/** A move without the name that depends on the other moves. */
interface Step {
  readonly from: string;
  readonly to: string;
  readonly promotion: string;
  /** Letter of the piece that moves; a king that castles has the letter O. */
  readonly piece: string;
}

/** Algebraic notation, taken apart. Source: Portable Game Notation Specification, section 8.2.3. */
const SAN = /^([KQRBN]?)([a-h]?)([1-8]?)x?([a-h][1-8])(?:=([QRBN]))?[+#]?$/;
const CASTLING = /^(O-O(?:-O)?)[+#]?$/;

/**
 * The legal moves of a position with their names. chess.js gives moves with their squares at twenty times the cost of
 * their names alone (0.3 ms against 5 ms a position), so the squares are told from the names, and from which piece each is of.
 */
export function legalMoves(chess: Chess): LegalMove[] {
  const steps = new Map<string, Step[]>();
  for (const step of legalSteps(chess)) {
    const key = `${step.piece}${step.to}${step.promotion}`;
    const known = steps.get(key);
    if (known) known.push(step);
    else steps.set(key, [step]);
  }
  return chess.moves().map((san) => toLegalMove(san, steps, chess.turn()));
}

function toLegalMove(san: string, steps: ReadonlyMap<string, readonly Step[]>, turn: string): LegalMove {
  const { piece, to, promotion, file, rank } = parseSan(san, turn);
  const step = steps
    .get(`${piece}${to}${promotion}`)
    ?.find(({ from }) => (file === '' || from[0] === file) && (rank === '' || from[1] === rank));
  if (step === undefined) throw new TypeError(`the move ${san} has no square to come from`);
  const uci = `${step.from}${to}${promotion}`;
  return { uci, san, index: moveIndex(uci) };
}

/** The moves of each piece by itself; their names lack what tells pieces of one kind apart. */
function* legalSteps(chess: Chess): Generator<Step> {
  const turn = chess.turn();
  for (const square of SQUARES) {
    if (chess.get(square)?.color !== turn) continue;
    for (const san of chess.moves({ square })) {
      const { piece, to, promotion } = parseSan(san, turn);
      yield { from: square, to, promotion, piece };
    }
  }
}

function parseSan(san: string, turn: string) {
  const [, castling] = CASTLING.exec(san) ?? [];
  if (castling !== undefined) {
    const to = `${castling === 'O-O' ? 'g' : 'c'}${turn === 'w' ? 1 : 8}`;
    return { piece: 'O', to, promotion: '', file: '', rank: '' };
  }
  const [, piece = '', file = '', rank = '', to = '', promotion = ''] = SAN.exec(san) ?? [];
  return { piece, file, rank, to, promotion: promotion.toLowerCase() };
}
