import type { JsonObject, JsonValue, ModelVersion } from '@caissa/formats';
import { type ArchitectureDescription, describeArchitecture } from './describe-architecture.js';
import type { Checkpoint } from './open-checkpoint.js';

/** What can be told of a checkpoint without reading its weights, ready for JSON. */
export interface CheckpointDescription {
  readonly architecture: ArchitectureDescription;
  /** With their names in the file, in PyTorch's order. */
  readonly tensors: { readonly name: string; readonly dtype: string; readonly shape: number[] }[];
  readonly metadata: JsonObject;
  readonly version: ModelVersion | null;
  readonly training_date: string | null;
  /** What was found in the file and is not carried, or contradicts the rest; a sentence each. */
  readonly warnings: string[];
}

/** Describes a checkpoint: what it is, what it holds and what its metadata say. */
export function describeCheckpoint(checkpoint: Checkpoint): CheckpointDescription {
  const { metadata, network, warnings } = checkpoint;
  const { architecture, tensors, namesInFile } = network;
  const { version, training_date: trainingDate } = metadata;
  return {
    architecture: describeArchitecture(architecture),
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

/** Longer texts are no version, though the metadata may hold one under that name. */
const VERSION_LIMIT = 100;

/** A whole number, also where it is written as text; any other number or short text as text. */
function versionOf(value: JsonValue | undefined): ModelVersion | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const text = String(value).trim();
  if (/^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  return text === '' || text.length > VERSION_LIMIT ? null : text;
}
