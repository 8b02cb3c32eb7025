import { MAX_AXES } from '../limits.js';
import { type PickleValue, PyTuple, TorchDevice, TorchSize } from '../pickle-value.js';
import { COST } from './costs.js';
import type { Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';

/** `torch.Size(tuple)`. */
const reduceSize: Reducer = (machine, [sizes]) => {
  const numbers = sizesOf(machine, sizes);
  return numbers?.every((size) => size >= 0) === true ? new TorchSize(numbers) : undefined;
};

/** `torch.device('cuda', 0)`; the device need not exist. */
const reduceDevice: Reducer = (machine, [type, index]) => {
  const isIndex = index === undefined || (typeof index === 'number' && Number.isSafeInteger(index));
  if (typeof type !== 'string' || !isIndex) return undefined;
  machine.budget.allocate(COST.tuple);
  return new TorchDevice(type, index);
};

/** The whole numbers of a shape or of strides; undefined if it is something else. */
export function sizesOf(machine: PickleMachine, value: PickleValue | undefined): readonly number[] | undefined {
  if (value instanceof TorchSize) return value.sizes;
  if (!(value instanceof PyTuple)) return undefined;
  if (value.items.length > MAX_AXES) throw machine.error('PICKLE_LIMIT', `has a shape of ${value.items.length} axes`);
  machine.budget.allocate(COST.list + value.items.length * COST.item);
  const numbers = value.items.filter((item) => typeof item === 'number');
  return numbers.length === value.items.length ? numbers : undefined;
}

/** Values of PyTorch other than tensors. */
export const TORCH_TYPES: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ['torch', 'Size', reduceSize],
  ['torch', 'device', reduceDevice],
];
