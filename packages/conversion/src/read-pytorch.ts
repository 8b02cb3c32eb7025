import { type ByteSource, FormatError } from '@caissa/bytes';
import type { JsonObject } from '@caissa/formats';
import { fromJson, type PickleValue, PyDict, readCheckpoint, toJson, verifyStorages } from '@caissa/pytorch';
import { describeMetadata } from './describe-metadata.js';
import { findWeights } from './find-weights.js';
import { noWeights } from './no-weights.js';

/**
 * What a checkpoint says beside its weights, in Python's own values: JSON tells neither 1 from 1.0 nor a tuple from a
 * list, and what is written as a checkpoint again is to be what it was.
 */
export class PythonValues {
  /** The entry `metadata`; empty if there is none. */
  readonly metadata: PyDict;
  /** The state dict's `_metadata`, which names the version of each layer's format, by module path as in the file. */
  readonly moduleVersions: PyDict | undefined;

  constructor(metadata: PyDict, moduleVersions?: PyDict) {
    this.metadata = metadata;
    this.moduleVersions = moduleVersions;
  }

  /** What {@link readPytorch} has kept as `native`, or else what JSON makes of the metadata. */
  static of({ native, metadata }: { readonly native: unknown; readonly metadata: JsonObject }): PythonValues {
    if (native instanceof PythonValues) return native;
    const values = Object.entries(metadata).map(([key, value]) => [key, fromJson(value)] as const);
    return new PythonValues(new PyDict(values));
  }
}

/**
 * Reads a PyTorch checkpoint and finds the weights in it, wherever they stand.
 * @throws FormatError all that `readCheckpoint` and `findWeights` throw; NOT_A_CHECKPOINT if it has no tensor
 */
export async function readPytorch(source: ByteSource) {
  const { root, storages, warnings } = await readCheckpoint(source);
  const found = findWeights(root);
  if (found.length === 0) throw new FormatError('NOT_A_CHECKPOINT', noWeights(root));
  const metadata = metadataOf(root);
  return {
    weights: found.map(({ path, tensors, moduleVersions, epsilons }) => ({
      ...{ path, tensors, epsilons },
      native: new PythonValues(metadata, moduleVersions),
    })),
    declared: toJson((root instanceof PyDict ? root.get('architecture') : undefined) ?? null),
    metadata: describeMetadata(metadata),
    warnings,
    verify: verifyStorages,
    /** All of the file, also those of no weight. */
    storages,
  };
}

function metadataOf(root: PickleValue): PyDict {
  const metadata = root instanceof PyDict ? root.get('metadata') : undefined;
  return metadata instanceof PyDict ? metadata : new PyDict();
}
