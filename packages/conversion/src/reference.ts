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
  /** Measures how far float32 by itself takes this network's outputs; asked for where they differ by more than usual. */
  measureNoise(): Promise<PerOutput>;
}

/** How a model's outputs agree with those of a reference; goes into the metadata of exports as it is. */
export interface Agreement {
  /** Between onnxruntime and a computation in plain TypeScript from the checkpoint. */
  readonly max_abs_difference: PerOutput;
  /** A number x may differ by `absolute + relative · |x|`. */
  readonly tolerance: { readonly absolute: number; readonly relative: number };
  /** What float32 by itself makes of this network's outputs; measured, and twice of it allowed, where they differ by more. */
  readonly float32_noise?: PerOutput;
}

/**
 * Verification boards that a model is run on at each level, and those of them that are compared: the dense one tells nearly
 * everything, and each costs as much. A second one makes a batch of it.
 */
const BOARDS: Readonly<Record<VerificationLevel, { readonly run: number; readonly compared: number }>> = {
  quick: { run: 2, compared: 1 },
  full: { run: Number.POSITIVE_INFINITY, compared: Number.POSITIVE_INFINITY },
};

/** Returns the verification boards that a model is run on at a level: the dense one, and chess positions. */
export function boardsOf(level: VerificationLevel): Float32Array[] {
  return verificationBoards().slice(0, BOARDS[level].run);
}

/**
 * Computes what a network gives for the verification boards, in plain TypeScript and double precision.
 * @throws the signal's reason
 */
export function computeReference(
  graph: Graph,
  level: VerificationLevel,
  signal?: AbortSignal,
): Promise<ReferenceOutputs> {
  return computeBoards(graph, verificationBoards().slice(0, BOARDS[level].compared), { signal });
}

/**
 * Measures the largest |Δ| between a network's outputs in float32 and in double precision, over all verification boards.
 * @throws the signal's reason
 */
export async function measureNoise(graph: Graph, signal?: AbortSignal): Promise<PerOutput> {
  const boards = verificationBoards();
  const exact = await computeBoards(graph, boards, { signal });
  const { policy, value } = await computeBoards(graph, boards, { signal, arithmetic: Float32Array });
  return compareOutputs({ policy: Float32Array.from(policy), value: Float32Array.from(value) }, exact).difference;
}

/**
 * Compares what a model gave for the verification boards with a reference.
 * @throws VerificationError if an output differs by more than rounding; what the measuring throws
 */
export async function compareWithReference(
  { outputs: expected, measureNoise }: Reference,
  outputs: NetworkOutputs,
): Promise<Agreement> {
  const { difference, exceeding } = compareOutputs(outputs, expected);
  const agreement: Agreement = { max_abs_difference: difference, tolerance: OUTPUT_TOLERANCE };
  if (exceeding.length === 0) return agreement;
  const noise = await measureNoise();
  const [output] = compareOutputs(outputs, expected, noise).exceeding;
  if (output === undefined) return { ...agreement, float32_noise: noise };
  throw new VerificationError(
    `The exported model's ${output} differs by ${difference[output]} from what the checkpoint computes, ` +
      `and the rounding of float32 makes ${noise[output]} of this network.`,
  );
}

/** One after the other: the memory that a batch takes grows with it. */
async function computeBoards(
  graph: Graph,
  boards: readonly Float32Array[],
  options: EvaluateOptions,
): Promise<ReferenceOutputs> {
  const policy: number[] = [];
  const value: number[] = [];
  for (const board of boards) {
    const outputs = await evaluate(graph, { board_input: board }, 1, options);
    policy.push(...(outputs['policy_output'] ?? []));
    value.push(...(outputs['value_output'] ?? []));
  }
  return { policy: Float64Array.from(policy), value: Float64Array.from(value) };
}
