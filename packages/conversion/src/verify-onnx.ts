import { stat } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { DataFile } from '@caissa/bytes';
import {
  compareOutputs,
  encodePosition,
  GRAPH_NAMES,
  NETWORK_INTERFACE,
  type NetworkOutputs,
  type OutputDifference,
  VERIFICATION_POSITIONS,
} from '@caissa/chess';
import { evaluate, type Graph } from '@caissa/graph';
import { type Session, type SessionOptions, type SpareProcess, startSession } from '@caissa/session';
import type { VerificationLevel } from './artifact-metadata.js';
import { checkSession } from './check-session.js';
import type { Checkpoint } from './open-checkpoint.js';
import { blameModel, VerificationError } from './verification-error.js';

/** Largest |Δ| of an output between the exported model and an independent computation. */
const MAX_DIFFERENCE = 1e-4;

/** How long opening a model, and running it, may take for each GiB of weights. */
const PATIENCE_PER_GIB_MS = 120_000;

/** What the verification of an ONNX model has found; goes into the export's metadata as it is. */
export interface OnnxReport {
  readonly level: VerificationLevel;
  /** Chess positions that were computed. */
  readonly positions: number;
  readonly probability_sum_error: number;
  readonly max_abs_value: number;
  /** Between onnxruntime and a computation in plain TypeScript from the checkpoint; level `full` only. */
  readonly max_abs_difference?: { readonly policy: number; readonly value: number };
  readonly device: string;
}

/** How {@link verifyOnnx} is stopped, and what it may use. */
export interface VerifyOnnxOptions {
  /** The file that the model keeps its weights in, if it has one. */
  readonly dataFile?: DataFile | undefined;
  readonly signal?: AbortSignal;
  /** Where a process may wait already. */
  readonly spare?: SpareProcess | undefined;
}

/**
 * Opens an ONNX model in a process of its own, runs it and checks what it gives against what a chess network gives;
 * at level `full` also against what the checkpoint's graph computes, evaluated without ONNX.
 * @throws VerificationError if the model is not right; SessionError if its process was lost; the signal's reason
 */
export async function verifyOnnx(
  path: string,
  checkpoint: Checkpoint,
  level: VerificationLevel,
  options: VerifyOnnxOptions = {},
): Promise<OnnxReport> {
  const { dataFile, signal, spare } = options;
  const session = await start({
    modelPath: path,
    device: 'cpu',
    ...timeoutsFor(dataFile?.sizeBytes ?? (await stat(path)).size),
    ...(dataFile ? { dataFile } : {}),
    ...(signal ? { signal } : {}),
    ...(spare ? { spare } : {}),
  });
  try {
    const { outputs, probabilitySumError, maxAbsValue } = await checkSession(session, VERIFICATION_POSITIONS);
    signal?.throwIfAborted();
    const difference = level === 'full' ? await differenceTo(checkpoint.graph, outputs, signal) : undefined;
    return {
      level,
      positions: VERIFICATION_POSITIONS.length,
      probability_sum_error: probabilitySumError,
      max_abs_value: maxAbsValue,
      ...(difference ? { max_abs_difference: { policy: difference.policy, value: difference.value } } : {}),
      device: session.info.deviceName,
    };
  } finally {
    // It ends by itself; nobody need wait for onnxruntime to tidy up.
    session.close().catch(() => undefined);
  }
}

/** A model of gigabytes takes its time to be read and to run, the more so on a machine that has other work. */
function timeoutsFor(sizeBytes: number): { startTimeoutMs: number; runTimeoutMs: number } {
  const patienceMs = Math.ceil(sizeBytes / 2 ** 30) * PATIENCE_PER_GIB_MS;
  return { startTimeoutMs: patienceMs, runTimeoutMs: patienceMs };
}

async function start(options: SessionOptions): Promise<Session> {
  try {
    return await startSession(options);
  } catch (error) {
    throw blameModel(error);
  }
}

/** @throws VerificationError if an output differs by more than {@link MAX_DIFFERENCE} */
async function differenceTo(
  graph: Graph,
  outputs: NetworkOutputs,
  signal: AbortSignal | undefined,
): Promise<OutputDifference> {
  const expected = await computePositions(graph, signal);
  const difference = compareOutputs(outputs, expected);
  for (const name of ['policy', 'value'] as const) {
    // Not `> limit`: NaN must fail too.
    if (difference[name] <= MAX_DIFFERENCE) continue;
    throw new VerificationError(
      `The exported model's ${name} differs by ${difference[name]} from what the checkpoint computes; ` +
        `at most ${MAX_DIFFERENCE} is allowed.`,
    );
  }
  return difference;
}

/** One position at a time, so that the event loop is never held for long: the job's lock is renewed on it. */
async function computePositions(graph: Graph, signal: AbortSignal | undefined): Promise<NetworkOutputs> {
  const policy = new Float32Array(VERIFICATION_POSITIONS.length * NETWORK_INTERFACE.policySize);
  const value = new Float32Array(VERIFICATION_POSITIONS.length);
  for (const [index, position] of VERIFICATION_POSITIONS.entries()) {
    signal?.throwIfAborted();
    const one = await evaluate(graph, { [GRAPH_NAMES.input]: encodePosition(position) }, 1);
    policy.set(one[GRAPH_NAMES.policy] ?? [], index * NETWORK_INTERFACE.policySize);
    value.set(one[GRAPH_NAMES.value] ?? [], index);
    await setImmediate();
  }
  return { policy, value };
}
