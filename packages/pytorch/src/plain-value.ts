import { createHash } from 'node:crypto';
import { contiguousStride, elementCount } from '@caissa/tensor';
import { elementReader, elementType, nestedLists } from './element-values.js';
import {
  isTensor,
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PySet,
  PyStorage,
  PyTuple,
  type TorchDevice,
  TorchDtype,
  TorchSize,
} from './pickle-value.js';

/** A value that is the same everywhere: a scalar, or a container of values of any kind. */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | readonly PickleValue[]
  | PyTuple
  | PyDict
  | PySet;

/** Whether {@link plainValue} has nothing to do. */
export function isPlain(value: PickleValue): value is PickleValue & PlainValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  return [PyFloat, PyTuple, PyDict, PySet].some((kind) => value instanceof kind);
}

/** Numbers of an array, and bytes, that are given one by one; of more there is a description. */
export const MAX_LISTED_NUMBERS = 4096;

/** Lists that may stand around them: where axes have no size, there are no numbers to count. */
const MAX_LISTS = 2 * MAX_LISTED_NUMBERS;

/** NumPy's own limit. */
const MAX_AXES = 64;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The nearest plain value of one that is not plain. Only the outermost layer is made; what it holds is left as it is.
 *
 * - NumPy's numbers are numbers, its arrays lists in lists up to 4,096 numbers, and beyond that `{shape, dtype, sha256}`
 *   of their bytes in the file. A complex number is `[real, imaginary]`. A tensor is `{shape, dtype}`.
 * - Bytes that are text are text, others `{base64}`, and beyond 4,096 `{size_bytes, sha256}`.
 * - An object is what it holds: items of the dict or list that it extends, or its attributes, or `{items, attributes}` if it
 *   has both, or its arguments if there are several, as a named tuple has; else it is `{class: [arguments]}`, as a member of an enum is.
 * - Devices, element types, classes and functions are their names.
 */
export function plainValue(value: Exclude<PickleValue, PlainValue>): PickleValue {
  if (value instanceof PyObject) return plainObject(value);
  if (value instanceof NumpyScalar) return plainScalar(value);
  if (value instanceof NumpyArray) return plainArray(value);
  if (value instanceof PyComplex) return [new PyFloat(value.real), new PyFloat(value.imaginary)];
  if (value instanceof Uint8Array) return plainBytes(value);
  if (value instanceof PyByteArray) return plainBytes(value.bytes);
  if (value instanceof TorchSize) return new PyTuple(value.sizes);
  if (value instanceof PyStorage) return new PyDict([['size_bytes', value.storage.sizeBytes]]);
  if (isTensor(value)) return description(value.shape, value.dtype);
  return nameOf(value);
}

function nameOf(value: PyGlobal | TorchDevice | TorchDtype | NumpyDtype): string {
  if (value instanceof PyGlobal) return shownName(value.fullName);
  if (value instanceof TorchDtype) return `torch.${value.dtypeName}`;
  if (value instanceof NumpyDtype) return `numpy.${typeName(value)}`;
  return value.index === undefined ? value.type : `${value.type}:${value.index}`;
}

/** The entries that a value has by name: a dict's items, or the attributes of an object that was made of nothing else. */
export function recordOf(value: PickleValue | undefined): PyDict | undefined {
  if (!(value instanceof PyObject)) return value instanceof PyDict ? value : undefined;
  const attributes = attributesOf(value.state);
  if (value.dict !== undefined) {
    if (value.dict.size > 0 && value.state !== null && attributes?.size !== 0) return undefined;
    return value.dict.size > 0 ? value.dict : (attributes ?? value.dict);
  }
  return value.args.length === 0 && value.list === undefined ? attributes : undefined;
}

const NAMESPACES = new Set(['argparse.Namespace', 'types.SimpleNamespace']);

/** Whether an object is a namespace that has no attributes. */
export function isEmptyNamespace({ fullName, args, state }: PyObject): boolean {
  return NAMESPACES.has(fullName) && args.length === 0 && state === null;
}

function plainObject(value: PyObject): PickleValue {
  if (isEmptyNamespace(value)) return new PyDict();
  const { fullName, args, state, dict, list } = value;
  const record = recordOf(value);
  if (record !== undefined) return record;
  const items = dict ?? list;
  const attributes = attributesOf(state) ?? state;
  const hasAttributes = attributes instanceof PyDict ? attributes.size > 0 : attributes !== null;
  if (items !== undefined) return hasAttributes ? itemsAndAttributes(items, attributes) : items;
  if (state === null && args.length > 1) return new PyTuple(args);
  const call = new PyDict([[shownName(fullName), new PyTuple(args)]]);
  return state === null ? call : call.set('state', state);
}

/** What a subclass of dict or list is that has attributes as well. */
function itemsAndAttributes(items: PickleValue, attributes: PickleValue): PyDict {
  return new PyDict([
    ['items', items],
    ['attributes', attributes],
  ]);
}

/** The name of a class or function as a program writes it: those that are built in have no module before them. */
export function shownName(fullName: string): string {
  return fullName.replace(/^(?:__builtin__|builtins)\./, '');
}

/** A class with slots has its attributes as a tuple: those of its dict, and those of its slots. */
function attributesOf(state: PickleValue): PyDict | undefined {
  if (state instanceof PyDict) return state;
  const [own, slots] = state instanceof PyTuple && state.items.length === 2 ? state.items : [];
  if (!(slots instanceof PyDict)) return undefined;
  return own instanceof PyDict && own.size > 0
    ? new PyDict([
        ['__dict__', own],
        ['__slots__', slots],
      ])
    : slots;
}

const KINDS: Readonly<Record<string, string>> = { b: 'bool', i: 'int', u: 'uint', f: 'float', c: 'complex' };

/** NumPy's name of an element type, such as `float64`; the code for what is not a plain number. */
export function typeName({ code }: NumpyDtype): string {
  const kind = KINDS[code.charAt(0)];
  if (kind === undefined) return code;
  return code === 'b1' ? kind : `${kind}${Number(code.slice(1)) * 8}`;
}

function plainScalar({ dtype, bytes }: NumpyScalar): PickleValue {
  const type = elementType(typeName(dtype));
  if (type !== undefined) return elementReader(type, bytes, dtype.byteOrder !== '>')(0);
  return new PyDict([
    ['dtype', typeName(dtype)],
    ['bytes', bytes],
  ]);
}

function plainArray({ dtype, shape, isFortranOrder, bytes }: NumpyArray): PickleValue {
  const type = elementType(typeName(dtype));
  if (type === undefined || !canBeListed(shape)) {
    return description(shape, typeName(dtype)).set('sha256', sha256(bytes));
  }
  const stride = isFortranOrder ? contiguousStride(shape.toReversed()).toReversed() : contiguousStride(shape);
  return nestedLists(shape, stride, elementReader(type, bytes, dtype.byteOrder !== '>'));
}

/** Whether an array is small enough for {@link MAX_LISTED_NUMBERS}, with the lists that it would take. */
export function canBeListed(shape: readonly number[]): boolean {
  if (shape.length > MAX_AXES) return false;
  let lists = 0;
  for (let axis = 0; axis < shape.length; axis++) lists += elementCount(shape.slice(0, axis));
  return lists <= MAX_LISTS && elementCount(shape) <= MAX_LISTED_NUMBERS;
}

function description(shape: readonly number[], dtype: string): PyDict {
  return new PyDict([
    ['shape', new PyTuple(shape)],
    ['dtype', dtype],
  ]);
}

function plainBytes(bytes: Uint8Array): PickleValue {
  if (bytes.length > MAX_LISTED_NUMBERS) {
    return new PyDict([
      ['size_bytes', bytes.length],
      ['sha256', sha256(bytes)],
    ]);
  }
  return textOf(bytes) ?? new PyDict([['base64', Buffer.from(bytes).toString('base64')]]);
}

/** Bytes as text, unless there is something in them that no text holds. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d))) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Digests by the bytes they are of: a file may name the same ones as often as it likes. */
const digests = new WeakMap<Uint8Array, string>();

function sha256(bytes: Uint8Array): string {
  const known = digests.get(bytes);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(bytes).digest('hex');
  digests.set(bytes, digest);
  return digest;
}
