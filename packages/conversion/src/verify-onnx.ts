import { stat } from 'node:fs/promises';
import type { DataFile } from '@caissa/bytes';
import { type Session, type SessionOptions, type SpareProcess, startSession } from '@caissa/session';
import type { VerificationLevel } from './artifact-metadata.js';
import { checkSession } from './check-session.js';
import { compareInitializers, type InitializerReport } from './compare-initializers.js';
import type { Checkpoint } from './open-checkpoint.js';
import {
  type Agreement,
  batchFor,
  type ComputeOptions,
  compareWithReference,
  computeReference,
  measureNoise,
} from './reference.js';
import { blameModel } from './verification-error.js';

export { compareInitializers };

/** How long opening a model, and running it, may take for each GiB of weights. */
const PATIENCE_PER_GIB_MS = 120_000;

/** What the verification of an ONNX model has found; goes into the export's metadata as it is. */
export interface OnnxReport extends InitializerReport, Agreement {
  readonly level: VerificationLevel;
  /** Chess positions that it was run on. */
  readonly positions: number;
  readonly probability_sum_error: number;
  readonly max_abs_value: number;
  readonly device: string;
}

/** How {@link verifyOnnx} is watched and stopped, and what it may use. */
export interface VerifyOnnxOptions extends ComputeOptions {
  /** The file that the model keeps its weights in, if it has one. */
  readonly dataFile?: DataFile | undefined;
  /** Where a process may wait already. */
  readonly spare?: SpareProcess | undefined;
}

/**
 * Compares every weight of an ONNX model with the checkpoint's, opens it in a process of its own, runs it, checks what it
 * gives against what a chess network gives, and compares that with what the checkpoint's reference computes without ONNX: for
 * one dense input, at level `full` for eight chess positions too.
 * @throws VerificationError if the model is not right; SessionError if its process was lost; the signal's reason
 */
export async function verifyOnnx(
  path: string,
  checkpoint: Checkpoint,
  level: VerificationLevel,
  options: VerifyOnnxOptions = {},
): Promise<OnnxReport> {
  const { dataFile, spare, onProgress = () => {} } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const { reference: graph } = checkpoint;
  const starting = start({
    modelPath: path,
    device: 'cpu',
    ...timeoutsFor(dataFile?.sizeBytes ?? (await stat(path)).size),
    ...{ signal, ...(dataFile ? { dataFile } : {}), ...(spare ? { spare } : {}) },
  });
  // What the process takes to start is time to compute what it must give; whichever fails first ends the other.
  starting.catch((error: unknown) => failed.abort(error));
  try {
    const initializers = await compareInitializers(path, graph, { dataFile, signal });
    const outputs = await computeReference(graph, level, { signal, onProgress });
    const session = await starting;
    const reference = { outputs, measureNoise: () => measureNoise(graph, signal) };
    const { boards, positions } = batchFor(outputs);
    const { outputs: found, probabilitySumError, maxAbsValue } = await checkSession(session, boards);
    const agreement = await compareWithReference(reference, found);
    signal.throwIfAborted();
    return {
      level,
      positions,
      probability_sum_error: probabilitySumError,
      max_abs_value: maxAbsValue,
      ...initializers,
      ...agreement,
      device: session.info.deviceName,
    };
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    // It ends by itself; nobody need wait for onnxruntime to tidy up.
    starting.then((session) => session.close()).catch(() => undefined);
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
