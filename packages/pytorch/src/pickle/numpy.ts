import { elementCount } from '@caissa/tensor';
import { NumpyArray, NumpyDtype, NumpyScalar, PyTuple } from '../pickle-value.js';
import type { PickleMachine } from './machine.js';
import { PickleGlobal, type Reducer } from './machine.js';

/** Booleans, integers, floats and complex numbers of the sizes that NumPy has. */
const PLAIN_CODE = /^(?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32))$/;

/** `numpy.dtype('f8', False, True)`; objects, text and records are refused. */
export const reduceDtype: Reducer = (machine, args) => {
  const [spec] = args.items;
  if (typeof spec !== 'string') throw machine.corrupt('makes a numpy.dtype without a type code');
  const [, order = '', code = ''] = /^([<>|=]?)(\w+)$/.exec(spec) ?? [];
  if (!PLAIN_CODE.test(code)) {
    throw machine.error(
      'PICKLE_GLOBAL',
      `asks for numpy.dtype ${JSON.stringify(spec.slice(0, 40))}, which is not a plain number`,
    );
  }
  const dtype = new NumpyDtype(code);
  if (order !== '') dtype.byteOrder = asByteOrder(machine, order);
  return dtype;
};

/** State `(3, byte order, None, None, None, -1, -1, 0)`. */
export function setDtypeState(machine: PickleMachine, dtype: NumpyDtype, state: PyTuple): void {
  const [version, order, ...rest] = state.items;
  const isPlain = (version === 3 || version === 4) && rest.slice(0, 3).every((item) => item === null);
  if (!isPlain || typeof order !== 'string')
    throw machine.corrupt('describes a numpy.dtype that is not a plain number');
  dtype.byteOrder = asByteOrder(machine, order);
}

/** `numpy.core.multiarray.scalar(dtype, bytes)`. */
export const reduceScalar: Reducer = (machine, args, fullName) => {
  const [dtype, bytes] = args.items;
  if (!(dtype instanceof NumpyDtype) || !(bytes instanceof Uint8Array)) {
    throw machine.corrupt('makes a numpy scalar without a type or bytes');
  }
  if (bytes.length !== itemBytes(dtype)) throw machine.corrupt('makes a numpy scalar of the wrong size');
  return new NumpyScalar(moduleOf(fullName), dtype, bytes);
};

/** `numpy.core.multiarray._reconstruct(ndarray, (0,), b'b')`: an empty array, which BUILD fills. */
export const reduceArray: Reducer = (machine, args, fullName) => {
  const type: unknown = args.items[0];
  if (!(type instanceof PickleGlobal) || type.fullName !== 'numpy.ndarray') {
    throw machine.corrupt('makes a numpy array of a class that is not numpy.ndarray');
  }
  return new NumpyArray(moduleOf(fullName));
};

/** State `(1, shape, dtype, is Fortran order, bytes)`. */
export function setArrayState(machine: PickleMachine, array: NumpyArray, state: PyTuple): void {
  const [version, shape, dtype, isFortranOrder, bytes] = state.items;
  const sizes = shape instanceof PyTuple ? shape.items : undefined;
  const isWhole =
    version === 1 &&
    sizes?.every((size) => typeof size === 'number' && size >= 0) === true &&
    dtype instanceof NumpyDtype &&
    typeof isFortranOrder === 'boolean' &&
    bytes instanceof Uint8Array;
  if (!isWhole) throw machine.corrupt('describes a numpy array that is not one of plain numbers');
  const numbers = sizes.filter((size) => typeof size === 'number');
  if (elementCount(numbers) * itemBytes(dtype) !== bytes.length) {
    throw machine.corrupt('describes a numpy array of another size than its bytes');
  }
  array.shape = numbers;
  array.dtype = dtype;
  array.isFortranOrder = isFortranOrder;
  array.bytes = bytes;
}

function itemBytes(dtype: NumpyDtype): number {
  return Number(dtype.code.slice(1));
}

function moduleOf(fullName: string): string {
  return fullName.slice(0, fullName.lastIndexOf('.'));
}

function asByteOrder(machine: PickleMachine, order: string): NumpyDtype['byteOrder'] {
  if (order === '<' || order === '>' || order === '|' || order === '=') return order;
  throw machine.corrupt('states a byte order that numpy does not have');
}
