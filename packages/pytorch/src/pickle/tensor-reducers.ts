import {
  assertTensorBounds,
  DTYPE_ITEM_SIZE_BYTES,
  type DType,
  elementCount,
  isFloatingPoint,
  itemSizeBytes,
} from '@caissa/tensor';
import {
  type CheckpointTensor,
  isTensor,
  type PickleValue,
  PyDict,
  PyObject,
  PyStorage,
  PyTuple,
  TorchDtype,
  TorchSize,
} from '../pickle-value.js';
import { COST } from './costs.js';
import { FunctionGlobal, type Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';
import { assertSameElements } from './tensor-state.js';
import { sizesOf } from './torch-types.js';

/** `_rebuild_tensor(storage, offset, size, stride)`. Source: torch 2.13, torch/_utils.py */
const reduceTensor: Reducer = (machine, args, { fullName }) => {
  assertCount(machine, args, 4, 4);
  return makeTensor(machine, fullName, args, { requiresGrad: false });
};

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata=None)`. */
const reduceTensorV2: Reducer = (machine, args, { fullName }) => {
  assertCount(machine, args, 6, 7);
  return makeTensor(machine, fullName, args, { requiresGrad: asFlag(machine, args[4]), metadata: args[6] });
};

/** `_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None)`. */
const reduceTensorV3: Reducer = (machine, args, { fullName }) => {
  assertCount(machine, args, 7, 8);
  const [, , , , requiresGrad, , dtype, metadata] = args;
  if (!(dtype instanceof TorchDtype)) throw machine.corrupt('makes a tensor without an element type');
  return makeTensor(machine, fullName, args, { requiresGrad: asFlag(machine, requiresGrad), dtype, metadata });
};

/** `_rebuild_parameter(data, requires_grad, hooks)`, and the same with a state, which is dropped. */
const reduceParameter: Reducer = (machine, args) => {
  assertCount(machine, args, 3, 4);
  const [data, requiresGrad, , state] = args;
  assertSameElements(machine, state);
  if (data instanceof PyObject) return data;
  if (!isTensor(data)) throw machine.corrupt('makes a parameter of something other than a tensor');
  return tensorOf(machine, { ...data, isParameter: true }, asFlag(machine, requiresGrad));
};

/** `_rebuild_from_type_v2(function, type, arguments, state)`: of a subclass, the plain tensor is kept. */
const reduceFromType: Reducer = (machine, [callee, , inner, state]) => {
  const isRebuild = callee instanceof FunctionGlobal && REBUILDERS.has(callee.reduce);
  const value = isRebuild && inner instanceof PyTuple ? callee.reduce(machine, inner.items, callee) : undefined;
  if (isTensor(value)) assertSameElements(machine, state);
  return value;
};

/** `_rebuild_device_tensor_from_cpu_tensor(data, dtype, device, requires_grad)`: of XLA, MTIA and other devices. */
const reduceDeviceTensor: Reducer = (machine, [data, dtype, , requiresGrad]) => {
  const isSame = isTensor(data) && dtype instanceof TorchDtype && dtype.dtypeName === data.dtype;
  return isSame ? tensorOf(machine, data, requiresGrad === true) : undefined;
};

/** Not {@link reduceFromType} itself: it would call itself as deep as the file likes. */
const REBUILDERS: ReadonlySet<Reducer> = new Set([
  reduceTensor,
  reduceTensorV2,
  reduceTensorV3,
  reduceParameter,
  reduceDeviceTensor,
]);

/** Functions that make other kinds of tensor, which are described, and where their arguments say size and type. */
const OTHER_KINDS: readonly (readonly [name: string, size: number | undefined, dtype: number | undefined])[] = [
  ['_rebuild_meta_tensor_no_storage', 1, 0],
  ['_rebuild_qtensor', 2, undefined],
  ['_rebuild_wrapper_subclass', 2, 1],
];

interface TensorDetails {
  readonly requiresGrad: boolean;
  readonly dtype?: TorchDtype;
  readonly metadata?: PickleValue | undefined;
}

function makeTensor(
  machine: PickleMachine,
  fullName: string,
  [holder, offset, shape, stride]: readonly PickleValue[],
  details: TensorDetails,
): PickleValue {
  const dtype = elementType(holder, details.dtype);
  if (dtype === undefined || isLazy(details.metadata)) {
    const stated = details.dtype ?? (dtype && new TorchDtype(dtype));
    return describeTensor(machine, fullName, shape, stated);
  }
  if (!(holder instanceof PyStorage) || typeof offset !== 'number') {
    throw machine.corrupt('makes a tensor without a storage or an offset');
  }
  const view = {
    storage: holder.storage,
    dtype,
    offset,
    shape: asSizes(machine, shape),
    stride: asSizes(machine, stride),
  };
  assertTensorBounds(view);
  machine.context.countView(elementCount(view.shape) * itemSizeBytes(dtype));
  return tensorOf(machine, view, details.requiresGrad);
}

/** What integers would want of gradients, PyTorch refuses to load. */
function tensorOf(machine: PickleMachine, view: CheckpointTensor, requiresGrad: boolean): CheckpointTensor {
  machine.budget.allocate(COST.tensor);
  return { ...view, requiresGrad: requiresGrad && (isFloatingPoint(view.dtype) || view.dtype.startsWith('complex')) };
}

/** Undefined where it is one that has no place here, or the storage is of such a class. */
function elementType(holder: PickleValue | undefined, stated: TorchDtype | undefined): DType | undefined {
  if (holder instanceof PyObject) return undefined;
  if (stated === undefined) return holder instanceof PyStorage ? holder.storage.dtype : 'uint8';
  return Object.hasOwn(DTYPE_ITEM_SIZE_BYTES, stated.dtypeName) ? (stated.dtypeName as DType) : undefined;
}

/** Whether values are not those of the storage, but conjugated or negated ones: `{'conj': True}`. */
function isLazy(metadata: PickleValue | undefined): boolean {
  return metadata instanceof PyDict && (metadata.get('conj') === true || metadata.get('neg') === true);
}

/** A tensor that is not read: what is cheap to say of it. */
function describeTensor(
  machine: PickleMachine,
  fullName: string,
  shape: PickleValue | undefined,
  dtype: PickleValue | undefined,
): PyObject {
  const object = machine.describe(fullName, []);
  machine.budget.allocate(COST.dict + 2 * COST.entry);
  const state = new PyDict();
  const sizes = sizesOf(machine, shape);
  if (sizes !== undefined) state.set('shape', new TorchSize(sizes));
  if (dtype instanceof TorchDtype) state.set('dtype', dtype);
  object.state = state;
  return object;
}

function describing(size: number | undefined, dtype: number | undefined): Reducer {
  return (machine, args, { fullName }) => describeTensor(machine, fullName, args[size ?? -1], args[dtype ?? -1]);
}

function asSizes(machine: PickleMachine, value: PickleValue | undefined): readonly number[] {
  const sizes = sizesOf(machine, value);
  if (sizes === undefined) throw machine.corrupt('makes a tensor whose shape or strides are not whole numbers');
  return sizes;
}

function asFlag(machine: PickleMachine, value: PickleValue | undefined): boolean {
  if (typeof value !== 'boolean') throw machine.corrupt('makes a tensor without saying whether it has gradients');
  return value;
}

function assertCount(machine: PickleMachine, args: readonly PickleValue[], least: number, most: number): void {
  if (args.length < least || args.length > most) {
    throw machine.corrupt(`makes a tensor of ${args.length} arguments`);
  }
}

/** What rebuilds a tensor. */
export const TENSOR_REDUCERS: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ['torch._utils', '_rebuild_tensor', reduceTensor],
  ['torch._utils', '_rebuild_tensor_v2', reduceTensorV2],
  ['torch._utils', '_rebuild_tensor_v3', reduceTensorV3],
  ['torch._utils', '_rebuild_parameter', reduceParameter],
  ['torch._utils', '_rebuild_parameter_with_state', reduceParameter],
  ['torch._tensor', '_rebuild_from_type_v2', reduceFromType],
  ['torch._utils', '_rebuild_device_tensor_from_cpu_tensor', reduceDeviceTensor],
  ['torch._utils', '_rebuild_xla_tensor', reduceDeviceTensor],
  ['torch._utils', '_rebuild_mtia_tensor', reduceDeviceTensor],
  ...OTHER_KINDS.map(([name, size, dtype]) => ['torch._utils', name, describing(size, dtype)] as const),
];
