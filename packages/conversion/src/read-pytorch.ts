import { type ByteSource, FormatError } from '@caissa/bytes';
import { declaredEpsilon } from '@caissa/chess';
import type { JsonObject, JsonValue } from '@caissa/formats';
import {
  fromJson,
  PyDict,
  type ReadCheckpointOptions,
  readCheckpoint,
  recordOf,
  verifyStorages,
} from '@caissa/pytorch';
import { declaredValues } from './declared-values.js';
import { warningsAbout } from './describe-losses.js';
import { describeMetadata } from './describe-metadata.js';
import { findMetadata } from './find-metadata.js';
import { findWeights } from './find-weights.js';
import { noWeights } from './no-weights.js';

/** What is known of a file of any format. */
interface OpenedFile {
  readonly native: unknown;
  readonly metadata: JsonObject;
  readonly declared: JsonValue;
}

/**
 * What a checkpoint says beside its weights, in Python's own values: JSON tells neither 1 from 1.0 nor a tuple from a
 * list, and what is written as a checkpoint again is to be what it was.
 */
export class PythonValues {
  readonly metadata: PyDict;
  /** The entry `architecture`; undefined if there is none. */
  readonly architecture: PyDict | undefined;
  /** The state dict's `_metadata`, which names the version of each layer's format, by module path as in the file. */
  readonly moduleVersions: PyDict | undefined;

  constructor(metadata: PyDict, architecture?: PyDict, moduleVersions?: PyDict) {
    this.metadata = metadata;
    this.architecture = architecture;
    this.moduleVersions = moduleVersions;
  }

  /** What {@link readPytorch} has kept as `native`, or else what JSON makes of what the file says. */
  static of({ native, metadata, declared }: OpenedFile): PythonValues {
    if (native instanceof PythonValues) return native;
    return new PythonValues(recordOf(fromJson(metadata)) ?? new PyDict(), recordOf(fromJson(declared)));
  }
}

/**
 * Reads a PyTorch checkpoint and finds the weights in it, wherever they stand.
 * @throws FormatError all that `readCheckpoint` and `findWeights` throw; NOT_A_CHECKPOINT if it has no tensor
 */
export async function readPytorch(source: ByteSource, options?: ReadCheckpointOptions) {
  const { root, storages, warnings } = await readCheckpoint(source, options);
  const weights = findWeights(root);
  if (weights.length === 0) throw new FormatError('NOT_A_CHECKPOINT', noWeights(root));
  const found = findMetadata(root, weights);
  const { metadata, architecture = new PyDict() } = found;
  return {
    weights: weights.map(({ moduleVersions, container: _, ...set }) => ({
      ...set,
      native: new PythonValues(metadata, found.architecture, moduleVersions),
    })),
    declared: await describeMetadata(architecture),
    epsilon: declaredEpsilon(declaredValues(architecture), declaredValues(metadata)),
    metadata: await describeMetadata(metadata),
    warnings: [...warnings, ...warningsAbout(found)],
    verify: verifyStorages,
    /** All of the file, also those of no weight. */
    storages,
  };
}
