import type { DataFile } from '@caissa/bytes';
import type { SessionErrorCode } from './session-error.js';

/** A float32 tensor, row-major: `data` holds the product of `shape` elements. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: number[];
}

/** Tensors by the name of the model's input or output. */
export type FloatTensors = Record<string, FloatTensor>;

/** An input or output of the model. */
export interface TensorInfo {
  readonly name: string;
  /** Element type as onnxruntime names it, such as `float32`. */
  readonly dtype: string;
  /** A number for a fixed axis, its name for a symbolic one such as `batch_size`, null for one without a name. */
  readonly shape: (number | string | null)[];
}

/** What an open session computes, and on what. */
export interface SessionInfo {
  readonly inputs: TensorInfo[];
  readonly outputs: TensorInfo[];
  readonly device: 'cpu' | 'cuda';
  /** The name of the GPU, or `CPU`. */
  readonly deviceName: string;
  /** onnxruntime's execution providers, the preferred one first. */
  readonly executionProviders: string[];
}

/** What onnxruntime is asked for when a model is opened. */
export interface OpenOptions {
  readonly modelPath: string;
  /** The one file that the model may refer to; none by default. */
  readonly dataFile?: DataFile;
  readonly intraOpThreads?: number;
  /** `auto` takes CUDA when onnxruntime can open the model there, else the CPU. */
  readonly device: 'auto' | 'cpu';
}

/** From the parent to the session's process. Requests are answered in their order. */
export type SessionRequest =
  | { readonly type: 'open'; readonly options: OpenOptions }
  | { readonly type: 'run'; readonly id: number; readonly feeds: FloatTensors }
  | { readonly type: 'close' };

/** From the session's process to the parent; `close` is answered by the end of the process. */
export type SessionReply =
  | { readonly type: 'opened'; readonly info: SessionInfo }
  | { readonly type: 'ran'; readonly id: number; readonly outputs: FloatTensors }
  | { readonly type: 'failed'; readonly id?: number; readonly code: SessionErrorCode; readonly message: string };
