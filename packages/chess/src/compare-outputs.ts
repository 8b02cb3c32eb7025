import type { NetworkOutputs } from './check-outputs.js';

/** The same as {@link NetworkOutputs} and how it came about, computed in double precision. */
export interface ReferenceOutputs {
  readonly policy: Float64Array;
  readonly value: Float64Array;
  /** `[batch, 1]`: what the value is the hyperbolic tangent of. */
  readonly valueScore: Float64Array;
}

/** A number for each of a network's outputs; NaN where nothing could be compared. */
export interface PerOutput {
  readonly policy: number;
  readonly value: number;
}

/** What a comparison has found. */
export interface OutputComparison {
  /** Largest |Δ|. */
  readonly difference: PerOutput;
  /** The outputs of which some number differs by more than is allowed. */
  readonly exceeding: readonly (keyof PerOutput)[];
}

/** |Δ| of a number x may be `absolute + relative · |x|`: what float32 and another order of summing make of a sound network. */
export const OUTPUT_TOLERANCE = { absolute: 1e-5, relative: 1e-5 } as const;

/**
 * Where float32 itself is less exact than that, another order of summing may be off by so many times what one was: by up to
 * five times in ill-conditioned networks that were measured. Mistakes of a graph are larger by orders of magnitude.
 */
const NOISE_ALLOWED = 32;

const NO_NOISE: PerOutput = { policy: 0, value: 0 };

/**
 * Compares the first rows of outputs, as many as there are of the reference.
 * @param noise largest |Δ| that float32 by itself makes to this network's policy, and to the score that its value is the tanh of
 */
export function compareOutputs(
  outputs: NetworkOutputs,
  reference: ReferenceOutputs,
  noise: PerOutput = NO_NOISE,
): OutputComparison {
  const policy = compare(outputs.policy, reference.policy, () => NOISE_ALLOWED * noise.policy);
  const value = compare(outputs.value, reference.value, (i) =>
    largestChangeOfTanh(reference.valueScore[i] ?? Number.NaN, NOISE_ALLOWED * noise.value),
  );
  const exceeding = Object.entries({ policy, value }).flatMap(([name, { isWithin }]) =>
    isWithin ? [] : [name as keyof PerOutput],
  );
  return { difference: { policy: policy.largest, value: value.largest }, exceeding };
}

/** Tanh is steepest at zero, so a change of its argument changes it most in that direction. */
function largestChangeOfTanh(argument: number, change: number): number {
  const size = Math.abs(argument);
  return Math.tanh(size) - Math.tanh(size - change);
}

function compare(found: Float32Array, expected: Float64Array, allowanceOf: (index: number) => number) {
  const { absolute, relative } = OUTPUT_TOLERANCE;
  let largest = 0;
  let isWithin = true;
  for (const [i, x] of expected.entries()) {
    const difference = Math.abs((found[i] ?? Number.NaN) - x);
    // Not `>`: NaN must fail too.
    if (!(difference <= Math.max(absolute + relative * Math.abs(x), allowanceOf(i)))) isWithin = false;
    largest = Math.max(largest, difference);
  }
  return { largest, isWithin };
}
