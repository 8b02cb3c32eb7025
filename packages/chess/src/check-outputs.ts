import { NETWORK_INTERFACE } from './check-architecture.js';

/**
 * How far a position's probabilities may be from summing to 1. Rounding a log-probability near −8 to float32 moves
 * its probability by 5e-7 of itself, to float16 by 4e-3 (which mostly cancels over 4096 moves); outputs that are no
 * log-probabilities at all (raw scores, a softmax, a wrong axis) are off by far more than this.
 */
const PROBABILITY_SUM_TOLERANCE = 1e-3;

/** A log-probability is a difference of numbers about as large as the lowest one: two roundings to float32 of such numbers. */
const ROUNDING_OF_SCORES = 2 ** -22;

/** How far rounding takes a value beyond 1: onnxruntime's Tanh gives up to 1.0000002. */
const VALUE_TOLERANCE = 1e-5;

/** What a network answers for a batch of positions. */
export interface NetworkOutputs {
  /** `[batch, moves]`: natural logarithm of each move's probability. */
  readonly policy: Float32Array;
  /** `[batch, 1]`: −1 (lost for the side to move) to 1 (won). */
  readonly value: Float32Array;
}

/** What is wrong or right with a network's outputs. */
export interface OutputReport {
  readonly ok: boolean;
  /** One sentence for each thing that is wrong; empty when all is well. */
  readonly problems: readonly string[];
  /** Largest |Σ probabilities − 1| over the batch; NaN when it could not be computed. */
  readonly probabilitySumError: number;
  /** Largest |value| over the batch; NaN when it could not be computed. */
  readonly maxAbsValue: number;
}

/** Checks that outputs have the right sizes and are finite, that probabilities sum to 1 and values lie in −1 to 1, but for rounding. */
export function checkOutputs(outputs: NetworkOutputs, batch: number): OutputReport {
  const { policy, value } = outputs;
  const problems: string[] = [];
  const policyLength = batch * NETWORK_INTERFACE.policySize;
  if (policy.length !== policyLength)
    problems.push(`The policy has ${policy.length} numbers instead of ${policyLength}.`);
  if (value.length !== batch) problems.push(`The value has ${value.length} numbers instead of ${batch}.`);
  if (!policy.every(Number.isFinite)) problems.push('The policy holds a number that is not finite.');
  if (!value.every(Number.isFinite)) problems.push('The value holds a number that is not finite.');

  const sizesMatch = policy.length === policyLength && value.length === batch && batch > 0;
  const probabilitySumError = sizesMatch ? largestSumError(policy, batch) : Number.NaN;
  const maxAbsValue = sizesMatch ? largest(value) : Number.NaN;
  if (probabilitySumError > Math.max(PROBABILITY_SUM_TOLERANCE, ROUNDING_OF_SCORES * largest(policy))) {
    problems.push(
      `The move probabilities of a position are ${probabilitySumError.toExponential(1)} away from summing to 1.`,
    );
  }
  if (maxAbsValue > 1 + VALUE_TOLERANCE) problems.push(`A value is ${maxAbsValue} in size, and at most 1 is possible.`);
  return { ok: problems.length === 0, problems, probabilitySumError, maxAbsValue };
}

function largestSumError(policy: Float32Array, batch: number): number {
  const moves = policy.length / batch;
  let largestError = 0;
  for (let b = 0; b < batch; b++) {
    let sum = 0;
    for (let i = b * moves; i < (b + 1) * moves; i++) sum += Math.exp(policy[i] ?? Number.NaN);
    largestError = Math.max(largestError, Math.abs(sum - 1));
  }
  return largestError;
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
