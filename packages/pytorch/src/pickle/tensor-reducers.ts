import { assertTensorBounds, DTYPE_ITEM_SIZE_BYTES, type DType, elementCount, itemSizeBytes } from '@caissa/tensor';
import {
  type CheckpointTensor,
  isTensor,
  type PickleValue,
  PyDict,
  PyStorage,
  PyTuple,
  TorchDtype,
  TorchSize,
} from '../pickle-value.js';
import type { PickleMachine } from './machine.js';
import { FunctionGlobal, PickleGlobal, type Reducer } from './machine.js';

/** `_rebuild_tensor(storage, offset, size, stride)`. Source: torch 2.13, torch/_utils.py */
export const reduceTensor: Reducer = (machine, args) => {
  assertCount(machine, args, 4, 4);
  return makeTensor(machine, args.items, undefined, false);
};

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata=None)`. */
export const reduceTensorV2: Reducer = (machine, args) => {
  assertCount(machine, args, 6, 7);
  const [, , , , requiresGrad, hooks, metadata] = args.items;
  assertNothing(machine, hooks, 'backward hooks');
  assertNothing(machine, metadata, 'lazy conjugation');
  return makeTensor(machine, args.items, undefined, asFlag(machine, requiresGrad));
};

/** `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None)`. */
export const reduceTensorV3: Reducer = (machine, args) => {
  assertCount(machine, args, 7, 8);
  const [, , , , requiresGrad, hooks, dtype, metadata] = args.items;
  assertNothing(machine, hooks, 'backward hooks');
  assertNothing(machine, metadata, 'lazy conjugation');
  if (!(dtype instanceof TorchDtype)) throw machine.corrupt('makes a tensor without an element type');
  return makeTensor(machine, args.items, asElementType(machine, dtype), asFlag(machine, requiresGrad));
};

/** `_rebuild_parameter(data, requires_grad, hooks)`, and the same with a state, which is dropped. */
export const reduceParameter: Reducer = (machine, args) => {
  assertCount(machine, args, 3, 4);
  const [data, requiresGrad, hooks] = args.items;
  if (!isTensor(data)) throw machine.corrupt('makes a parameter of something other than a tensor');
  assertNothing(machine, hooks, 'backward hooks');
  return { ...data, requiresGrad: asFlag(machine, requiresGrad), isParameter: true };
};

/** `_rebuild_from_type_v2(function, type, arguments, state)`, for plain tensors and parameters. */
export const reduceFromType: Reducer = (machine, args) => {
  assertCount(machine, args, 4, 4);
  const [callee, type, inner]: readonly unknown[] = args.items;
  const isKnown = type instanceof PickleGlobal && TENSOR_TYPES.has(type.fullName);
  const isRebuild = callee instanceof FunctionGlobal && REBUILDERS.has(callee.reduce);
  if (!isKnown || !isRebuild || !(inner instanceof PyTuple)) {
    throw machine.corrupt('makes a tensor of a class that is neither torch.Tensor nor Parameter');
  }
  return callee.reduce(machine, inner, callee.fullName);
};

const TENSOR_TYPES: ReadonlySet<string> = new Set(['torch.Tensor', 'torch.nn.parameter.Parameter']);

/** Not {@link reduceFromType} itself: it would call itself as deep as the file likes. */
const REBUILDERS: ReadonlySet<Reducer> = new Set([reduceTensor, reduceTensorV2, reduceTensorV3, reduceParameter]);

function makeTensor(
  machine: PickleMachine,
  [holder, offset, shape, stride]: readonly PickleValue[],
  viewDtype: DType | undefined,
  requiresGrad: boolean,
): CheckpointTensor {
  if (!(holder instanceof PyStorage) || typeof offset !== 'number') {
    throw machine.corrupt('makes a tensor without a storage or an offset');
  }
  const { storage } = holder;
  const dtype = viewDtype ?? storage.dtype;
  const tensor = {
    storage,
    dtype,
    offset,
    shape: asSizes(machine, shape),
    stride: asSizes(machine, stride),
    requiresGrad,
  };
  assertTensorBounds(tensor);
  machine.context.countView(elementCount(tensor.shape) * itemSizeBytes(dtype));
  return tensor;
}

function asSizes(machine: PickleMachine, value: PickleValue | undefined): readonly number[] {
  if (value instanceof TorchSize) return value.sizes;
  const items = value instanceof PyTuple ? value.items : undefined;
  const numbers = items?.filter((item) => typeof item === 'number');
  if (items === undefined || numbers === undefined || numbers.length !== items.length) {
    throw machine.corrupt('makes a tensor whose shape or strides are not whole numbers');
  }
  machine.chargeReduced(numbers.length);
  return numbers;
}

function asFlag(machine: PickleMachine, value: PickleValue | undefined): boolean {
  if (typeof value !== 'boolean') throw machine.corrupt('makes a tensor without saying whether it has gradients');
  return value;
}

function asElementType(machine: PickleMachine, { dtypeName }: TorchDtype): DType {
  if (Object.hasOwn(DTYPE_ITEM_SIZE_BYTES, dtypeName)) return dtypeName as DType;
  throw machine.error('PICKLE_GLOBAL', `holds a tensor of type torch.${dtypeName}, which is not supported`);
}

/** Hooks would be functions, and lazy views would change the values: no checkpoint of weights has either. */
function assertNothing(machine: PickleMachine, value: PickleValue | undefined, what: string): void {
  const isEmpty = value === undefined || value === null || (value instanceof PyDict && value.size === 0);
  if (!isEmpty) throw machine.corrupt(`makes a tensor with ${what}, which is not supported`);
}

function assertCount(machine: PickleMachine, args: PyTuple, least: number, most: number): void {
  if (args.items.length < least || args.items.length > most) {
    throw machine.corrupt(`makes a tensor of ${args.items.length} arguments`);
  }
}
