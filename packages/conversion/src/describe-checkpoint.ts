import { type JsonValue, toJson } from '@caissa/pytorch';
import type { Checkpoint } from './open-checkpoint.js';

/** Largest entry of a checkpoint's metadata, in bytes of JSON, that lists and manifests repeat. */
const MAX_ENTRY_BYTES = 16_384;

/** What can be told of a checkpoint without reading its weights, ready for JSON. */
export interface CheckpointDescription {
  readonly architecture: {
    readonly num_channels: number;
    readonly num_res_blocks: number;
    /** `[planes, ranks, files]` */
    readonly input_shape: number[];
    readonly output_shapes: { readonly policy: number; readonly value: number };
    readonly parameters: number;
  };
  /** With their names in the file, in PyTorch's order. */
  readonly tensors: { readonly name: string; readonly dtype: string; readonly shape: number[] }[];
  readonly metadata: { [key: string]: JsonValue };
  readonly version: number | null;
  readonly training_date: string | null;
}

/** Describes a checkpoint: what it is, what it holds and what its metadata say. */
export function describeCheckpoint(checkpoint: Checkpoint): CheckpointDescription {
  const { architecture, tensors, prefix } = checkpoint.network;
  const metadata = metadataOf(checkpoint);
  const { version, training_date: trainingDate } = metadata;
  return {
    architecture: {
      num_channels: architecture.channels,
      num_res_blocks: architecture.blocks,
      input_shape: [architecture.planes, 8, 8],
      output_shapes: { policy: architecture.policySize, value: 1 },
      parameters: architecture.parameters,
    },
    tensors: [...tensors].map(([name, { dtype, shape }]) => ({ name: prefix + name, dtype, shape: [...shape] })),
    metadata,
    version: typeof version === 'number' && Number.isSafeInteger(version) ? version : null,
    training_date: typeof trainingDate === 'string' ? trainingDate : null,
  };
}

/** The metadata as JSON; a long entry, such as a history of losses, is named and left out. */
function metadataOf(checkpoint: Checkpoint): { [key: string]: JsonValue } {
  const json = toJson(checkpoint.metadata);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return {};
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      const sizeBytes = Buffer.byteLength(JSON.stringify(value));
      return [key, sizeBytes <= MAX_ENTRY_BYTES ? value : `${sizeBytes} bytes of JSON, left out here`];
    }),
  );
}
