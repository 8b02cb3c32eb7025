import {
  compareOutputs,
  type NetworkOutputs,
  OUTPUT_TOLERANCE,
  type PerOutput,
  type ReferenceOutputs,
  verificationBoards,
} from '@caissa/chess';
import { type EvaluateOptions, evaluate, type Graph } from '@caissa/graph';
import type { VerificationLevel } from './artifact-metadata.js';
import { VerificationError } from './verification-error.js';

/** What a model's outputs are compared with. */
export interface Reference {
  /** Of the first of the verification boards, as many as there are rows. */
  readonly outputs: ReferenceOutputs;
  /** As {@link measureNoise}; asked for where outputs differ by more than usual. */
  measureNoise(): Promise<PerOutput>;
}

/** How a model's outputs agree with those of a reference; goes into the metadata of exports as it is. */
export interface Agreement {
  /** Between onnxruntime and a computation in plain TypeScript from the checkpoint. */
  readonly max_abs_difference: PerOutput;
  /** A number x may differ by `absolute + relative · |x|`. */
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  /** As {@link measureNoise}; measured, and 32 times of it allowed, where outputs differ by more. */
  readonly float32_noise?: PerOutput;
}

/** Verification boards that a model is compared on at least: the dense one tells nearly everything, and each costs as much. */
const FEWEST_BOARDS: Readonly<Record<VerificationLevel, number>> = { quick: 1, full: Number.POSITIVE_INFINITY };

/** Nearer to 1 than this, a value hardly shows what it was computed from. */
const SATURATED = 0.99;

/** How a computation is watched and stopped. */
export interface ComputeOptions {
  /** Told how much is done, 0 to 1. */
  onProgress?(share: number): void;
  readonly signal?: AbortSignal | undefined;
}

/** What a model is run on to be compared with a reference. */
export interface ComparedBatch {
  /**
   * Those that the reference was computed for, between two of a position: a model that answers all rows of a batch as the
   * first or the last of them is found.
   */
  readonly boards: readonly Float32Array[];
  /** Different chess positions among them. */
  readonly positions: number;
}

/** Returns what a model is run on to be compared with a reference. */
export function batchFor({ value }: ReferenceOutputs): ComparedBatch {
  const boards = verificationBoards();
  const compared = boards.slice(0, value.length);
  const neighbour = boards.slice(1, 2);
  // The dense one is none.
  return { boards: [...neighbour, ...compared, ...neighbour], positions: Math.max(1, compared.length - 1) };
}

/**
 * Computes what a network gives for verification boards, in plain TypeScript and double precision: for as many as the level
 * asks for, and more as long as all values are so near to 1 that they say little.
 * @throws the signal's reason
 */
export async function computeReference(
  graph: Graph,
  level: VerificationLevel,
  { signal, onProgress }: ComputeOptions = {},
): Promise<ReferenceOutputs> {
  const rows: ReferenceOutputs[] = [];
  const boards = verificationBoards();
  for (const board of boards) {
    const isTelling = rows.some(({ value: [value = 1] }) => Math.abs(value) < SATURATED);
    if (rows.length >= FEWEST_BOARDS[level] && isTelling) break;
    rows.push(await computeBoard(graph, board, { signal }));
    onProgress?.(Math.min(1, rows.length / Math.min(FEWEST_BOARDS[level], boards.length)));
  }
  return {
    policy: Float64Array.from(rows.flatMap(({ policy }) => [...policy])),
    value: Float64Array.from(rows.flatMap(({ value }) => [...value])),
    valueScore: Float64Array.from(rows.flatMap(({ valueScore }) => [...valueScore])),
  };
}

/**
 * Measures the largest |Δ| between float32 and double precision over all verification boards: of a network's policy, and of
 * the score that its value is the tanh of, because a value near 1 does not move.
 * @throws the signal's reason
 */
export async function measureNoise(graph: Graph, signal?: AbortSignal): Promise<PerOutput> {
  const noise = { policy: 0, value: 0 };
  for (const board of verificationBoards()) {
    const exact = await computeBoard(graph, board, { signal });
    const rounded = await computeBoard(graph, board, { signal, arithmetic: Float32Array });
    noise.policy = Math.max(noise.policy, largestDifference(rounded.policy, exact.policy));
    noise.value = Math.max(noise.value, largestDifference(rounded.valueScore, exact.valueScore));
  }
  return noise;
}

/**
 * Compares what a model gave for the {@link batchFor} a reference with that.
 * @throws VerificationError if an output differs by more than rounding; what the measuring throws
 */
export async function compareWithReference(
  { outputs: expected, measureNoise }: Reference,
  given: NetworkOutputs,
): Promise<Agreement> {
  const outputs = withoutFirstRow(given);
  const { difference, exceeding } = compareOutputs(outputs, expected);
  const agreement: Agreement = { max_abs_difference: difference, tolerance: OUTPUT_TOLERANCE };
  if (exceeding.length === 0) return agreement;
  const noise = await measureNoise();
  // What has no bound would allow anything.
  const unbounded = exceeding.filter((name) => !Number.isFinite(noise[name]));
  const [output] = [...unbounded, ...compareOutputs(outputs, expected, noise).exceeding];
  if (output === undefined) return { ...agreement, float32_noise: noise };
  throw new VerificationError(
    `The exported model's ${output} differs by ${difference[output]} from what the checkpoint computes, ` +
      `and the rounding of float32 makes ${noise[output]} of this network.`,
  );
}

async function computeBoard(graph: Graph, board: Float32Array, options: EvaluateOptions): Promise<ReferenceOutputs> {
  const outputs = await evaluate(graph, { board_input: board }, 1, options);
  const rowOf = (name: string) => outputs[name] ?? new Float64Array(0);
  return { policy: rowOf('policy_output'), value: rowOf('value_output'), valueScore: rowOf('value_score') };
}

function withoutFirstRow({ policy, value }: NetworkOutputs): NetworkOutputs {
  return { policy: policy.subarray(policy.length / value.length), value: value.subarray(1) };
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((largest, one, i) => Math.max(largest, Math.abs(one - (b[i] ?? Number.NaN))), 0);
}
