import type { JsonObject, JsonValue } from '@caissa/formats';
import type { Checkpoint } from './open-checkpoint.js';

/** What can be told of a checkpoint without reading its weights, ready for JSON. */
export interface CheckpointDescription {
  readonly architecture: {
    readonly num_channels: number;
    readonly num_res_blocks: number;
    /** `[planes, ranks, files]` */
    readonly input_shape: number[];
    readonly output_shapes: { readonly policy: number; readonly value: number };
    readonly parameters: number;
    /** Present where the checkpoint says it. */
    readonly batch_norm_eps?: number;
  };
  /** With their names in the file, in PyTorch's order. */
  readonly tensors: { readonly name: string; readonly dtype: string; readonly shape: number[] }[];
  readonly metadata: JsonObject;
  readonly version: number | null;
  readonly training_date: string | null;
  /** What was found in the file and is not carried, or contradicts the rest; a sentence each. */
  readonly warnings: string[];
}

/** Describes a checkpoint: what it is, what it holds and what its metadata say. */
export function describeCheckpoint(checkpoint: Checkpoint): CheckpointDescription {
  const { metadata, network, warnings } = checkpoint;
  const { architecture, tensors, namesInFile } = network;
  const { batchNormEpsilon: epsilon } = architecture;
  const { version, training_date: trainingDate } = metadata;
  return {
    architecture: {
      num_channels: architecture.channels,
      num_res_blocks: architecture.blocks,
      input_shape: [architecture.planes, 8, 8],
      output_shapes: { policy: architecture.policySize, value: 1 },
      parameters: architecture.parameters,
      ...(epsilon === undefined ? {} : { batch_norm_eps: epsilon }),
    },
    tensors: [...tensors].map(([name, { dtype, shape }]) => ({
      name: namesInFile.get(name) ?? name,
      dtype,
      shape: [...shape],
    })),
    metadata,
    version: versionOf(version),
    training_date: typeof trainingDate === 'string' ? trainingDate : null,
    warnings: [...warnings],
  };
}

/** A whole number, also as text. */
function versionOf(value: JsonValue | undefined): number | null {
  const version = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof version === 'number' && Number.isSafeInteger(version) ? version : null;
}
