import type { Evaluation } from '@caissa/shared/contracts';

/** One of the best moves of a model. */
export interface RankedMove {
  readonly uci: string;
  readonly san: string;
  readonly probability: number;
  /** Whether the other model does not have it among its best. */
  readonly differs: boolean;
}

/** The best moves of a model, marked where another model's best moves are not the same. */
export function rankedMoves(evaluation: Evaluation, other: Evaluation | undefined, top: number): RankedMove[] {
  const best = evaluation.moves.slice(0, top);
  const otherBest = other?.moves.slice(0, top);
  return best.map(({ uci, san, probability }) => ({
    uci,
    san,
    probability,
    differs: otherBest !== undefined && !otherBest.some((move) => move.uci === uci),
  }));
}

/** How far two models agree on a position. */
export interface Agreement {
  readonly sameBest: boolean;
  /** Moves that both have among their best. */
  readonly shared: number;
  /** Distance of their values, 0 to 2. */
  readonly valueGap: number;
  /** How much of their probability lies on the same moves, 0 to 1. */
  readonly overlap: number;
}

/** Compares what two models say of the same position. */
export function agreementOf(first: Evaluation, second: Evaluation, top: number): Agreement {
  const ofSecond = new Map(second.moves.map(({ uci, probability }) => [uci, probability]));
  const overlap = first.moves.reduce(
    (sum, { uci, probability }) => sum + Math.min(probability, ofSecond.get(uci) ?? 0),
    0,
  );
  return {
    sameBest: first.moves[0]?.uci === second.moves[0]?.uci,
    shared: rankedMoves(first, second, top).filter(({ differs }) => !differs).length,
    valueGap: Math.abs(first.value - second.value),
    overlap: Math.min(1, overlap),
  };
}

/** A value with its sign: `+0.12`, `−0.40`, `0.00`. */
export function formatValue(value: number): string {
  const text = Math.abs(value).toFixed(2);
  if (text === '0.00') return text;
  return `${value > 0 ? '+' : '\u2212'}${text}`;
}
