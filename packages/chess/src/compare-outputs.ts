import type { NetworkOutputs } from './check-outputs.js';

/** The same as {@link NetworkOutputs}, computed in double precision. */
export interface ReferenceOutputs {
  readonly policy: Float64Array;
  readonly value: Float64Array;
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

/** Where float32 itself is less exact than that, another order of summing may be off by so many times as much. */
const NOISE_ALLOWED = 2;

const NO_NOISE: PerOutput = { policy: 0, value: 0 };

/**
 * Compares the first rows of outputs, as many as there are of the reference.
 * @param noise largest |Δ| that float32 by itself makes to the outputs of this network
 */
export function compareOutputs(
  outputs: NetworkOutputs,
  reference: ReferenceOutputs | NetworkOutputs,
  noise: PerOutput = NO_NOISE,
): OutputComparison {
  const policy = compare(outputs.policy, reference.policy, noise.policy);
  const value = compare(outputs.value, reference.value, noise.value);
  const exceeding = Object.entries({ policy, value }).flatMap(([name, { isWithin }]) =>
    isWithin ? [] : [name as keyof PerOutput],
  );
  return { difference: { policy: policy.largest, value: value.largest }, exceeding };
}

function compare(found: Float32Array, expected: Float64Array | Float32Array, noise: number) {
  const { absolute, relative } = OUTPUT_TOLERANCE;
  let largest = 0;
  let isWithin = true;
  for (const [i, x] of expected.entries()) {
    const difference = Math.abs((found[i] ?? Number.NaN) - x);
    // Not `>`: NaN must fail too.
    if (!(difference <= Math.max(absolute + relative * Math.abs(x), NOISE_ALLOWED * noise))) isWithin = false;
    largest = Math.max(largest, difference);
  }
  return { largest, isWithin };
}
