import { elementCount } from '@caissa/tensor';
import { MAX_AXES } from '../limits.js';
import {
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  type PickleValue,
  PyByteArray,
  PyGlobal,
  PyTuple,
  TorchSize,
} from '../pickle-value.js';
import { COST } from './costs.js';
import type { Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';
import { type ElementReader, elementReader, isObjectDtype, plainItemBytes, reduceDtype } from './numpy-dtype.js';
import { PendingObject } from './pending-object.js';
import { encodePython2 } from './python-text.js';

/** `numpy.core.multiarray.scalar(dtype, bytes)`, or with an object in place of bytes. */
const reduceScalar: Reducer = (machine, [dtype, content], { fullName }) => {
  if (isObjectDtype(dtype)) return content;
  if (dtype instanceof NumpyDtype) {
    const bytes = rawBytes(machine, content, plainItemBytes(dtype));
    machine.budget.allocate(COST.object);
    return bytes && new NumpyScalar(moduleOf(fullName), dtype, bytes);
  }
  const reader = elementReader(dtype);
  const bytes = reader && rawBytes(machine, content, reader.itemBytes);
  if (reader === undefined || bytes === undefined) return undefined;
  machine.budget.allocate(COST.object + CHARACTER_BYTES * bytes.length);
  machine.budget.spend(CHARACTER_WORK * bytes.length);
  return reader.read(asBuffer(bytes));
};

/** `numpy.core.multiarray._reconstruct(ndarray, (0,), b'b')`: an empty array, which BUILD fills. */
const reduceReconstruct: Reducer = (machine, args, { fullName }) => {
  if (!(args[0] instanceof PyGlobal)) return undefined;
  machine.budget.allocate(COST.object);
  const module = moduleOf(fullName);
  return new PendingObject(args[0].fullName, args, (state) => arrayOf(machine, module, state));
};

/** State `(1, shape, dtype, is Fortran order, bytes or list of objects)`. */
function arrayOf(machine: PickleMachine, module: string, state: PickleValue): PickleValue | undefined {
  const [, shape, dtype, isFortranOrder, content] = state instanceof PyTuple ? state.items : [];
  return makeArray(machine, module, { shape: shapeOf(shape), dtype, isFortranOrder: isFortranOrder === true, content });
}

/** `numpy.core.numeric._frombuffer(bytes, dtype, shape, order)`, which is protocol 5. */
const reduceFromBuffer: Reducer = (machine, [content, dtype, shape, order], { fullName }) =>
  makeArray(machine, moduleOf(fullName).replace(/numeric$/, 'multiarray'), {
    shape: shapeOf(shape),
    dtype,
    isFortranOrder: order === 'F',
    content,
  });

interface ArrayParts {
  readonly shape: readonly number[] | undefined;
  readonly dtype: PickleValue | undefined;
  readonly isFortranOrder: boolean;
  readonly content: PickleValue | undefined;
}

/** An array of plain numbers, or nested lists of what other elements mean; undefined if they mean nothing here. */
function makeArray(machine: PickleMachine, module: string, parts: ArrayParts): PickleValue | undefined {
  const { shape, dtype, isFortranOrder, content } = parts;
  if (shape === undefined) return undefined;
  machine.budget.allocate(COST.object + shape.length * COST.item);
  if (dtype instanceof NumpyDtype) {
    const bytes = rawBytes(machine, content, elementCount(shape) * plainItemBytes(dtype));
    return bytes && Object.assign(new NumpyArray(module), { dtype, shape, isFortranOrder, bytes });
  }
  const isObjects = isObjectDtype(dtype);
  const items = isObjects ? content : readElements(machine, elementReader(dtype), content, shape);
  if (!Array.isArray(items) || items.length !== elementCount(shape)) return undefined;
  // A list of objects has them row by row, whatever the order in memory.
  return nest(machine, items, shape, isFortranOrder && !isObjects);
}

function readElements(
  machine: PickleMachine,
  reader: ElementReader | undefined,
  content: PickleValue | undefined,
  shape: readonly number[],
): PickleValue[] | undefined {
  const bytes = reader && rawBytes(machine, content, elementCount(shape) * reader.itemBytes);
  if (reader === undefined || bytes === undefined) return undefined;
  const count = elementCount(shape);
  machine.budget.allocate(count * ELEMENT_BYTES + CHARACTER_BYTES * bytes.length);
  machine.budget.spend(count * ELEMENT_WORK + CHARACTER_WORK * bytes.length);
  const buffer = asBuffer(bytes);
  const items: PickleValue[] = [];
  for (let index = 0; index < count; index++) {
    const item = reader.read(buffer.subarray(index * reader.itemBytes, (index + 1) * reader.itemBytes));
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

const ELEMENT_BYTES = 250;
const ELEMENT_WORK = 1_000;
/** Text is put together of single characters. */
const CHARACTER_BYTES = 10;
const CHARACTER_WORK = 20;

/** Lists of lists, as `tolist` makes them. */
function nest(
  machine: PickleMachine,
  items: readonly PickleValue[],
  shape: readonly number[],
  isFortranOrder: boolean,
): PickleValue {
  const strides = shape.map((_size, axis) =>
    elementCount(isFortranOrder ? shape.slice(0, axis) : shape.slice(axis + 1)),
  );
  const build = (axis: number, offset: number): PickleValue => {
    const size = shape[axis];
    if (size === undefined) return items[offset] ?? null;
    machine.budget.allocate(COST.list + size * COST.item);
    return Array.from({ length: size }, (_, index) => build(axis + 1, offset + index * (strides[axis] ?? 0)));
  };
  return build(0, 0);
}

function shapeOf(shape: PickleValue | undefined): readonly number[] | undefined {
  const items = shape instanceof PyTuple ? shape.items : shape instanceof TorchSize ? shape.sizes : undefined;
  if (items === undefined || items.length > MAX_AXES) return undefined;
  const sizes = items.filter((size) => typeof size === 'number').filter((size) => size >= 0);
  return sizes.length === items.length ? sizes : undefined;
}

/** So many bytes, also as a `str` of Python 2 or a bytearray. */
function rawBytes(
  machine: PickleMachine,
  content: PickleValue | undefined,
  lengthBytes: number,
): Uint8Array | undefined {
  if (typeof content === 'string' && content.length <= lengthBytes) {
    machine.budget.allocate(COST.bytes + 2 * content.length);
    return encodePython2(content, lengthBytes);
  }
  const bytes = content instanceof PyByteArray ? content.bytes : content;
  return bytes instanceof Uint8Array && bytes.length === lengthBytes ? bytes : undefined;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function moduleOf(fullName: string): string {
  return fullName.slice(0, fullName.lastIndexOf('.'));
}

/** NumPy's values, under the names of both its major versions. */
export const NUMPY_TYPES: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ['numpy', 'dtype', reduceDtype],
  ...['numpy.core', 'numpy._core'].flatMap((core) => [
    [`${core}.multiarray`, 'scalar', reduceScalar] as const,
    [`${core}.multiarray`, '_reconstruct', reduceReconstruct] as const,
    [`${core}.numeric`, '_frombuffer', reduceFromBuffer] as const,
  ]),
];
