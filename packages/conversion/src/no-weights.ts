import { quoteName } from '@caissa/bytes';
import { dictOf, isTensor, NumpyArray, type PickleValue, PyDict, PyFloat, PyObject, PyTuple } from '@caissa/pytorch';
import { isOptimizer } from './find-weights.js';
import { listText } from './list-text.js';
import { pathInside } from './value-path.js';

/** Says that a saved object holds no weights, and what it holds instead. */
export function noWeights(root: PickleValue): string {
  const entries = isOptimizer(root) ? [] : [...(dictOf(root) ?? [])];
  const listed = listText(entries, ([key, value]) => `${quoteName(pathInside('', key))} (${kindOf(value)})`);
  const instead = entries.length > 0 ? listed : kindOf(root);
  return `The file holds no weights, only ${instead}; save {"model_state_dict": model.state_dict()}.`;
}

function kindOf(value: PickleValue): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'boolean') return 'a truth value';
  if (typeof value !== 'object' || value instanceof PyFloat) return 'a number';
  if (isTensor(value)) return 'a tensor without a name';
  if (isOptimizer(value)) return 'the state of an optimizer';
  if (value instanceof PyObject) return `an object of ${quoteName(value.fullName)}`;
  return CONTAINERS.find(([type]) => value instanceof type)?.[1] ?? 'a value';
}

const CONTAINERS = [
  [PyDict, 'a dictionary'],
  [Array, 'a list'],
  [PyTuple, 'a tuple'],
  [NumpyArray, 'a NumPy array'],
] as const;
