import { FormatError } from '@caissa/bytes';
import { isTensor, OrderedDict, type PickleValue, type PyDict } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';

/** Entries under which training code keeps a state dict, in the order they are tried. */
const STATE_DICT_KEYS = ['model_state_dict', 'state_dict', 'model'] as const;

/** The state dict of a checkpoint and what the checkpoint says beside it. */
export interface FoundStateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** A module's `_metadata`, which names the version of each layer's format. */
  readonly moduleVersions: PyDict | undefined;
  readonly metadata: PyDict;
  /** The entry `architecture`, whatever it is. */
  readonly declared: PickleValue | undefined;
}

/**
 * Finds the state dict in a saved object: under the keys training code uses, or the object itself.
 * @throws FormatError NOT_A_CHECKPOINT if there is none
 */
export function findStateDict(root: PickleValue): FoundStateDict {
  if (!(root instanceof Map)) {
    throw new FormatError(
      'NOT_A_CHECKPOINT',
      'The file holds no dictionary, so no weights; save {"model_state_dict": model.state_dict()}.',
    );
  }
  const dict = [...STATE_DICT_KEYS.map((key) => root.get(key)), root].find(isStateDict);
  if (dict === undefined) {
    throw new FormatError(
      'NOT_A_CHECKPOINT',
      `The file holds no weights: neither ${STATE_DICT_KEYS.join(', ')} nor the dictionary itself has tensors in it; ` +
        'save {"model_state_dict": model.state_dict()}.',
    );
  }
  const metadata = root.get('metadata');
  return {
    tensors: tensorsOf(dict),
    moduleVersions: moduleVersionsOf(dict),
    metadata: metadata instanceof Map && metadata !== dict ? metadata : new Map(),
    declared: root.get('architecture'),
  };
}

function isStateDict(value: PickleValue | undefined): value is PyDict {
  return value instanceof Map && [...value.values()].some(isTensor);
}

/** The tensors by name. What is no tensor (a bare state dict may lie beside `epoch` and the like) is no weight. */
function tensorsOf(dict: PyDict): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of dict) {
    if (!isTensor(value)) continue;
    if (typeof name !== 'string') {
      throw new FormatError('ARCHITECTURE_MISMATCH', 'The state dict holds a tensor whose name is not a text.');
    }
    tensors.set(name, value);
  }
  return tensors;
}

function moduleVersionsOf(dict: PyDict): PyDict | undefined {
  const versions = dict instanceof OrderedDict ? dict.attributes.get('_metadata') : undefined;
  return versions instanceof Map ? versions : undefined;
}
