import type { EvaluatedMove } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { LegalMove } from './legal-moves.js';

/**
 * Legal moves with their probabilities, renormalised over the legal ones, the most probable first. A promotion's share is
 * that of the queen; the other promotions of the same squares have none and come last.
 * @param policy log-probabilities [4096]
 * @throws AppError SESSION_FAILED if the policy has no finite numbers for the moves
 */
export function rankMoves(policy: Float32Array, moves: readonly LegalMove[]): EvaluatedMove[] {
  const logs = moves.map(({ index, underPromotion }) =>
    underPromotion ? Number.NEGATIVE_INFINITY : (policy[index] ?? Number.NaN),
  );
  const highest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (moves.length > 0 && !Number.isFinite(total)) {
    throw new AppError('SESSION_FAILED', 'The model answered with numbers that are not finite.');
  }
  return moves
    .map(({ uci, san }, i) => ({ uci, san, probability: (weights[i] ?? 0) / total }))
    .sort((a, b) => b.probability - a.probability);
}
