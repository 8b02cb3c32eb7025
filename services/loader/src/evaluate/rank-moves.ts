import type { EvaluatedMove } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { LegalMove } from './legal-moves.js';

/** Pieces of promotions, of which the network says the same, in the order in which they are listed. */
const PROMOTIONS = 'qrbn';

/**
 * Legal moves with their probabilities, renormalised over the legal ones, the most probable first. Each of the promotions
 * on the same squares counts with the entry that they share.
 * @param policy log-probabilities [4096]
 * @throws AppError SESSION_FAILED if the policy has no finite numbers for the moves
 */
export function rankMoves(policy: Float32Array, moves: readonly LegalMove[]): EvaluatedMove[] {
  const logs = moves.map(({ index }) => policy[index] ?? Number.NaN);
  const highest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (moves.length > 0 && !Number.isFinite(total)) {
    throw new AppError('SESSION_FAILED', 'The model answered with numbers that are not finite.');
  }
  return moves
    .map(({ uci, san }, i) => ({ uci, san, probability: (weights[i] ?? 0) / total }))
    .sort((a, b) => b.probability - a.probability || promotionOrder(a.uci) - promotionOrder(b.uci));
}

function promotionOrder(uci: string): number {
  return PROMOTIONS.indexOf(uci.slice(4));
}
