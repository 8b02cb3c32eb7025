import { MODEL_NAME, type ModelVersion } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';

/** Values of one position: inputs are `board_input` [14, 8, 8], outputs `policy` [4096] log-probabilities and `value` [1]. */
export const POSITION_FLOATS = { board: 14 * 8 * 8, policy: 4096, value: 1 } as const;

/** By this name the active model is asked for, whatever it is called. */
export const ACTIVE = 'active';

/** A model's version as the Open Inference Protocol writes it: `1` if the checkpoint tells none that fits into an address. */
export function versionText(version: ModelVersion | null): string {
  const text = String(version);
  return version !== null && MODEL_NAME.test(text) ? text : '1';
}

/** What a batch of positions came to. Rows are in the order of the request. */
export interface InferenceResult {
  /** [count, 4096] float32, row-major. */
  readonly policy: Float32Array;
  /** [count, 1] float32. */
  readonly value: Float32Array;
  /** Generation of the activation that the session was opened for; null for a model that is held beside the active one. */
  readonly generation: number | null;
  /** Where the time went, in nanoseconds. */
  readonly timing: { readonly queueNs: number; readonly runNs: number };
}

/** Totals of one model since it was opened, as the statistics of the Open Inference Protocol need them. */
export interface ModelStatistics {
  readonly inferenceCount: number;
  readonly executionCount: number;
  /** Milliseconds since the epoch of the last inference, 0 if there was none. */
  readonly lastInferenceMs: number;
  readonly success: { readonly count: number; readonly ns: number };
  readonly fail: { readonly count: number; readonly ns: number };
  readonly queue: { readonly count: number; readonly ns: number };
  readonly computeInput: { readonly count: number; readonly ns: number };
  readonly computeInfer: { readonly count: number; readonly ns: number };
  readonly computeOutput: { readonly count: number; readonly ns: number };
  /** Executions by batch size. */
  readonly batches: readonly { readonly batchSize: number; readonly count: number; readonly ns: number }[];
}

/** A model that can answer. It stays usable for requests that hold it while another takes its place. */
export interface ServingModel {
  readonly name: string;
  /** Version as the protocol writes it; `1` if the checkpoint has none. */
  readonly version: string;
  readonly active: boolean;
  readonly generation: number | null;
  readonly statistics: ModelStatistics;
  /**
   * Computes `count` positions, `boards` is [count, 14, 8, 8] float32. Gathered with other requests; split if larger than a batch.
   * @throws AppError OVERLOADED if the queue is full, SESSION_FAILED if the session was lost
   */
  infer(boards: Float32Array, count: number, signal?: AbortSignal): Promise<InferenceResult>;
}

/** State of a model on this replica, in the protocol's words. */
export interface ModelState {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'UNAVAILABLE' | 'LOADING' | 'UNLOADING';
  readonly reason: string;
}

/** The models that this replica answers with: the active one and a few others. */
export interface InferenceEngine {
  /** The model of this name, or the active one for `active`; nothing if it is not ready here. */
  find(name: string, version?: string): ServingModel | undefined;
  /** Whether this name stands for a model that is active and not open here yet, or may be: nobody has said so far that none is. */
  isAwaited(name: string): boolean;
  /** Whether a model is held beside the active one: it is open, or is being opened for the first time or again. */
  isHeld(name: string): boolean;
  /** Ready, loading and failed models, and the checkpoints of the model folder that are not open. */
  states(): Promise<ModelState[]>;
  /** Opens a model beside the active one, ending the least recently used if there are too many. @throws AppError */
  load(name: string): Promise<ServingModel>;
  /** Ends a model that is held beside the active one. @throws AppError MODEL_NOT_FOUND, MODEL_ACTIVE */
  unload(name: string): Promise<void>;
}

/** The error of a request for a model that {@link InferenceEngine.isAwaited}, or that is held and not open. */
export function notOpenYet(name: string): AppError {
  const model = name === ACTIVE ? 'The active model' : `Model ${name}`;
  return new AppError('NO_READY_REPLICA', `${model} is not open on this loader at the moment; try again.`);
}
