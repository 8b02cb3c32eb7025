import {
  canBeListed,
  digitsOf,
  isPlain,
  isTensor,
  KeyTexts,
  keyText,
  MAX_INTEGER_BITS,
  NumpyArray,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyDict,
  PyFloat,
  PySet,
  PyTuple,
  plainValue,
  TorchDtype,
  TorchSize,
  typeOf,
} from '@caissa/pytorch';
import { elementCount } from '@caissa/tensor';
import { MemoryTensors } from './memory-tensors.js';

/** Deeper values are named instead. */
const MAX_DEPTH = 1000;

/** Numbers of arrays and bytes that become numbers in lists, all together; they take many times their bytes. */
const MAX_NUMBERS_IN_LISTS = 250_000;

/** Element types that the safe loader of PyTorch 1.13 knows by name. */
const LOADED_DTYPES = new Set([
  'complex32',
  'complex64',
  'complex128',
  'float16',
  'float32',
  'float64',
  'int8',
  'int16',
  'int32',
  'int64',
]);

/**
 * A value of a checkpoint as the safe loader of every PyTorch since 1.13 reads it (`weights_only=True`; floats since 2.0).
 * What it reads is what it was. The rest becomes the nearest that it reads and that loses no number: sets are lists,
 * numbers and small arrays of NumPy are numbers and lists, bytes are lists of numbers, larger arrays and bytes tensors,
 * complex numbers tensors without axes. What is left becomes what `plainValue` makes of it.
 *
 * Source: `torch/_weights_only_unpickler.py` of PyTorch 1.13, 2.6 and 2.13
 */
export function portableValue(value: PickleValue): PickleValue {
  return new PortableCopy().of(value);
}

class PortableCopy {
  /** A value that is named many times is copied once: unfolding could take for ever. */
  readonly #done = new Map<PickleValue, PickleValue>();
  readonly #keys = new Map<PickleValue, PickleValue | undefined>();
  readonly #texts = new Map<string, string>();
  readonly #tensors = new MemoryTensors();
  #numbersLeft = MAX_NUMBERS_IN_LISTS;
  #depth = 0;

  of(value: PickleValue): PickleValue {
    if (typeof value === 'bigint') return isWritable(value) ? value : this.#digits(value);
    if (typeof value !== 'object' || value === null || isPortable(value)) return value;
    const done = this.#done.get(value);
    if (done !== undefined) return done;
    if (this.#depth === MAX_DEPTH) return `(a ${typeOf(value)}, too deep to be kept)`;
    this.#depth++;
    const copy = this.#copy(value);
    this.#depth--;
    return copy;
  }

  #copy(value: PickleValue & object): PickleValue {
    if (value instanceof PyDict) return this.#dict(value);
    if (value instanceof PyTuple) return this.#list(value, value.items, (items) => new PyTuple(items));
    if (Array.isArray(value) || value instanceof PySet) return this.#list(value, value, (items) => items);
    // An object has no place in the copy that what it holds could refer to.
    this.#done.set(value, `(the same ${typeOf(value)} again)`);
    const copy = this.#nearest(value);
    this.#done.set(value, copy);
    return copy;
  }

  #list(from: PickleValue, items: Iterable<PickleValue>, make: (items: PickleValue[]) => PickleValue): PickleValue {
    const copies: PickleValue[] = [];
    const copy = make(copies);
    this.#done.set(from, copy);
    for (const item of items) copies.push(this.of(item));
    return copy;
  }

  #dict(dict: PyDict): PickleValue {
    const copy = dict instanceof OrderedDict ? new OrderedDict() : new PyDict();
    this.#done.set(dict, copy);
    const texts = new KeyTexts(dict, keyText);
    for (const [key, value] of dict) {
      const native = this.#key(key);
      copy.set(native === undefined ? texts.of(key) : native, this.of(value));
    }
    return copy;
  }

  /** A key that is loaded as what it is; undefined for one that is not. */
  #key(key: PickleValue): PickleValue | undefined {
    if (typeof key === 'bigint') return isWritable(key) ? key : undefined;
    if (typeof key !== 'object' || key === null || key instanceof PyFloat || isPortable(key)) return key;
    if (!this.#keys.has(key)) this.#keys.set(key, key instanceof PyTuple ? this.#tupleKey(key) : numberOf(key));
    return this.#keys.get(key);
  }

  #tupleKey({ items }: PyTuple): PickleValue | undefined {
    const keys = items.map((item) => this.#key(item)).filter((item) => item !== undefined);
    return keys.length === items.length ? new PyTuple(keys) : undefined;
  }

  /** One text for all that have it: a file may name a large integer as often as it likes. */
  #digits(value: bigint): string {
    const digits = digitsOf(value);
    const known = this.#texts.get(digits) ?? digits;
    this.#texts.set(known, known);
    return known;
  }

  #nearest(value: PickleValue & object): PickleValue {
    if (value instanceof PyComplex) return this.#tensors.complex(value);
    if (value instanceof NumpyArray) return this.#array(value);
    const bytes = value instanceof PyByteArray ? value.bytes : value;
    if (bytes instanceof Uint8Array) return this.#bytes(bytes);
    return isPlain(value) ? value : this.of(plainValue(value));
  }

  #bytes(bytes: Uint8Array): PickleValue {
    return this.#mayList([bytes.length]) ? [...bytes] : this.#tensors.bytes(bytes);
  }

  #array(array: NumpyArray): PickleValue {
    const isComplex = array.dtype.code.startsWith('c');
    const tensor = isComplex || !this.#mayList(array.shape) ? this.#tensors.array(array) : undefined;
    return tensor ?? this.of(plainValue(array));
  }

  #mayList(shape: readonly number[]): boolean {
    if (!canBeListed(shape) || elementCount(shape) > this.#numbersLeft) return false;
    this.#numbersLeft -= elementCount(shape);
    return true;
  }
}

function isPortable(value: object): boolean {
  if (value instanceof TorchDtype) return LOADED_DTYPES.has(value.dtypeName);
  return value instanceof PyFloat || value instanceof TorchSize || isTensor(value);
}

function isWritable(value: bigint): boolean {
  return BigInt.asIntN(MAX_INTEGER_BITS, value) === value;
}

/** The number that NumPy's number is. */
function numberOf(value: PickleValue): PickleValue | undefined {
  const number = value instanceof NumpyScalar ? plainValue(value) : undefined;
  return typeof number !== 'object' || number instanceof PyFloat ? number : undefined;
}
