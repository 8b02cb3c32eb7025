import { type ByteSource, FormatError } from '@caissa/bytes';
import type { JsonObject } from '@caissa/formats';
import {
  fromJson,
  isTensor,
  OrderedDict,
  type PickleValue,
  PyDict,
  readCheckpoint,
  toJson,
  verifyStorages,
} from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { describeMetadata } from './describe-metadata.js';

/** Entries under which training code keeps a state dict, in the order they are tried. */
const STATE_DICT_KEYS = ['model_state_dict', 'state_dict', 'model'] as const;

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
 * Reads a PyTorch checkpoint and finds the state dict in it: under the keys training code uses, or the object itself.
 * @throws FormatError all that `readCheckpoint` throws; NOT_A_CHECKPOINT if there is no state dict
 */
export async function readPytorch(source: ByteSource) {
  const { root, storages, warnings } = await readCheckpoint(source);
  const { stateDict, metadata, declared } = findStateDict(root);
  return {
    weights: [
      {
        path: '',
        tensors: tensorsOf(stateDict),
        native: new PythonValues(metadata, moduleVersionsOf(stateDict)),
      },
    ],
    declared: toJson(declared ?? null),
    metadata: describeMetadata(metadata),
    warnings,
    verify: verifyStorages,
    /** All of the file, also those of no weight. */
    storages,
  };
}

function findStateDict(root: PickleValue): { stateDict: PyDict; metadata: PyDict; declared: PickleValue | undefined } {
  if (!(root instanceof PyDict)) {
    throw new FormatError(
      'NOT_A_CHECKPOINT',
      'The file holds no dictionary, so no weights; save {"model_state_dict": model.state_dict()}.',
    );
  }
  const stateDict = [...STATE_DICT_KEYS.map((key) => root.get(key)), root].find(isStateDict);
  if (stateDict === undefined) {
    throw new FormatError(
      'NOT_A_CHECKPOINT',
      `The file holds no weights: neither ${STATE_DICT_KEYS.join(', ')} nor the dictionary itself has tensors in it; ` +
        'save {"model_state_dict": model.state_dict()}.',
    );
  }
  const metadata = root.get('metadata');
  return {
    stateDict,
    metadata: metadata instanceof PyDict && metadata !== stateDict ? metadata : new PyDict(),
    declared: root.get('architecture'),
  };
}

function isStateDict(value: PickleValue | undefined): value is PyDict {
  return value instanceof PyDict && [...value.values()].some(isTensor);
}

/** The tensors by name. What is no tensor (a bare state dict may lie beside `epoch` and the like) is no weight. */
function tensorsOf(stateDict: PyDict): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of stateDict) {
    if (!isTensor(value)) continue;
    if (typeof name !== 'string') {
      throw new FormatError('ARCHITECTURE_MISMATCH', 'The state dict holds a tensor whose name is not a text.');
    }
    tensors.set(name, value);
  }
  return tensors;
}

function moduleVersionsOf(stateDict: PyDict): PyDict | undefined {
  const versions = stateDict instanceof OrderedDict ? stateDict.attributes.get('_metadata') : undefined;
  return versions instanceof PyDict ? versions : undefined;
}
