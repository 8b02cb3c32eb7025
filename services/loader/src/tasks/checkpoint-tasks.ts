import type { Architecture, PerOutput, ReferenceOutputs } from '@caissa/chess';
import type { ReadOptions } from '@caissa/conversion';
import type { ModelFacts } from '@caissa/registry';
import type { Task } from '@caissa/shared/tasks';
import type { ModelStore } from '@caissa/storage';

/** Which file is to be read, and in which state. */
export interface ReadRequest {
  readonly modelName: string;
  /** What to call it in messages. */
  readonly filename: string;
  readonly identity: string;
}

/** What is to be converted. */
interface ConvertRequest extends ReadRequest {
  /** Where the converted model goes. */
  readonly path: string;
}

/** What was converted. */
interface Converted {
  /** Digest of the bytes that were compared with the checkpoint. */
  readonly onnxSha256: string;
  /** What the model must give. */
  readonly outputs: ReferenceOutputs;
}

/** What a loader must know of a checkpoint before it opens the model. */
interface CheckpointFacts extends ModelFacts {
  readonly architecture: Architecture;
}

/**
 * The work in which a checkpoint is opened, that is, all that a file made by a stranger can hold up or end. What is wrong
 * with the file is thrown as an AppError with its name; one in another state is SOURCE_CHANGED.
 */
export interface CheckpointTasks {
  /** Reads what a checkpoint is and says of itself. */
  readonly describe: Task<ReadRequest, CheckpointFacts>;
  /**
   * Makes the model that onnxruntime opens, each of whose weights is compared with the checkpoint's, and computes what it
   * must give. Nothing is left of one that failed.
   */
  readonly convert: Task<ConvertRequest, Converted>;
  /** Measures how far float32 by itself takes the network's outputs. */
  readonly measureNoise: Task<ReadRequest, PerOutput>;
}

/** What the tasks work with. */
export interface TaskContext {
  readonly models: ModelStore;
  /** How checkpoints are read. */
  readonly reading?: ReadOptions;
}
