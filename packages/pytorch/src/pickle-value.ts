import type { Storage, Tensor } from '@caissa/tensor';

/**
 * What a checkpoint may hold, as inert data. Python's int is a `number` where that is exact and a `bigint` elsewhere;
 * float is always a {@link PyFloat}, so that 1 and 1.0 stay apart; None is `null`; a list is an array; dict, Counter
 * and OrderedDict are {@link PyDict}s in the order of the file. Dates, paths, identifiers and their like are the text
 * that stands for them. What Python would make of a class of the program that saved the file is a {@link PyObject}, and
 * the class itself a {@link PyGlobal}.
 *
 * Whoever walks through what was read can rely on this: containers may contain themselves, and the same one may stand in
 * many places, so that each has to be looked at once; where that is done, they nest at most 1,000 deep (`MAX_DEPTH`), not
 * counting what is already open. No array has more than 64 axes. Texts may hold lone surrogates.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | PyComplex
  | Uint8Array
  | PyByteArray
  | PickleValue[]
  | PyTuple
  | PyDict
  | PySet
  | CheckpointTensor
  | PyStorage
  | TorchSize
  | TorchDevice
  | TorchDtype
  | NumpyDtype
  | NumpyScalar
  | NumpyArray
  | PyGlobal
  | PyObject;

/** A key as it is hashed here. */
type HashKey = null | string | object;

/**
 * Numbers are hashed as texts: V8 hashes numbers, and texts that look like one, without a secret, so that a file could
 * choose numbers that all collide. Keys that are equal in Python (1, 1.0 and True) are one.
 */
function hashKey(key: PickleValue): HashKey {
  if (typeof key === 'string') return looksNumeric(key) ? TEXT_PREFIX + key : key;
  if (typeof key === 'boolean') return `\0n${Number(key)}`;
  if (typeof key === 'number') return `\0n${key}`;
  // In base 16, since digits of base 10 take time that grows with the square of their number.
  if (typeof key === 'bigint') return `\0x${key.toString(16)}`;
  return key instanceof PyFloat ? `\0n${key.value}` : key;
}

/** What a text begins with as it is hashed, where it is not hashed as itself. */
const TEXT_PREFIX = '\0s';

/** Whether a text is not hashed as itself, since V8 might take it for a number. */
export function looksNumeric(text: string): boolean {
  return LOOKS_NUMERIC.test(text);
}

const LOOKS_NUMERIC = /^[\0\d]/;

/**
 * A Python dict, in the order of the file. Numbers, texts, booleans and None compare by value, all else by identity. An
 * empty one costs next to nothing: a file can hold a million.
 */
export class PyDict {
  #values: Map<HashKey, PickleValue> | undefined;
  /** Keys, other than texts, that are hashed as something other than themselves. */
  #keys: Map<HashKey, PickleValue> | undefined;

  constructor(entries: Iterable<readonly [key: PickleValue, value: PickleValue]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#values?.size ?? 0;
  }

  get(key: PickleValue): PickleValue | undefined {
    return this.#values?.get(hashKey(key));
  }

  has(key: PickleValue): boolean {
    return this.#values?.has(hashKey(key)) ?? false;
  }

  /** Sets a value; a key that is there already stays as it was written first. */
  set(key: PickleValue, value: PickleValue): this {
    const hash = hashKey(key);
    this.#values ??= new Map();
    if (hash !== key && typeof key !== 'string' && !this.#values.has(hash)) {
      this.#keys ??= new Map();
      this.#keys.set(hash, key);
    }
    this.#values.set(hash, value);
    return this;
  }

  /** Returns whether the key was there. */
  delete(key: PickleValue): boolean {
    const hash = hashKey(key);
    this.#keys?.delete(hash);
    return this.#values?.delete(hash) ?? false;
  }

  *keys(): Generator<PickleValue> {
    for (const [key] of this) yield key;
  }

  values(): Iterable<PickleValue> {
    return this.#values?.values() ?? [];
  }

  *[Symbol.iterator](): Generator<readonly [key: PickleValue, value: PickleValue]> {
    for (const [hash, value] of this.#values ?? []) yield [this.#keyOf(hash), value];
  }

  #keyOf(hash: HashKey): PickleValue {
    if (typeof hash === 'string' && hash.startsWith(TEXT_PREFIX)) return hash.slice(TEXT_PREFIX.length);
    return this.#keys?.get(hash) ?? (hash as PickleValue);
  }
}

/** A Python set or frozenset; see {@link PyDict} for what is equal. */
export class PySet {
  #items: Map<HashKey, PickleValue> | undefined;

  constructor(items: Iterable<PickleValue> = []) {
    for (const item of items) this.add(item);
  }

  get size(): number {
    return this.#items?.size ?? 0;
  }

  add(item: PickleValue): this {
    const hash = hashKey(item);
    this.#items ??= new Map();
    if (!this.#items.has(hash)) this.#items.set(hash, item);
    return this;
  }

  *[Symbol.iterator](): Generator<PickleValue> {
    yield* this.#items?.values() ?? [];
  }
}

/** A tensor of a checkpoint, with what PyTorch keeps beside its elements. */
export interface CheckpointTensor extends Tensor {
  readonly requiresGrad?: boolean;
  /** Whether it is an `nn.Parameter`. */
  readonly isParameter?: boolean;
}

/** A Python float. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A Python complex. */
export class PyComplex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** A Python bytearray (bytes are a Uint8Array). */
export class PyByteArray {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A Python tuple. */
export class PyTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A `collections.OrderedDict`, with the attributes set on it: a module's state dict has `_metadata`. */
export class OrderedDict extends PyDict {
  readonly attributes = new PyDict();
}

/** A `collections.Counter`. */
export class PyCounter extends PyDict {}

/** A storage that stands in the pickle by itself, without a tensor. */
export class PyStorage {
  readonly storage: Storage;
  readonly isUntyped: boolean;

  constructor(storage: Storage, isUntyped: boolean) {
    this.storage = storage;
    this.isUntyped = isUntyped;
  }
}

/** A `torch.Size`. */
export class TorchSize {
  readonly sizes: readonly number[];

  constructor(sizes: readonly number[]) {
    this.sizes = sizes;
  }
}

/** A `torch.device`, as opaque text and index. */
export class TorchDevice {
  readonly type: string;
  readonly index: number | undefined;

  constructor(type: string, index: number | undefined) {
    this.type = type;
    this.index = index;
  }
}

/** A `torch.dtype` constant: `float32`, `bfloat16`, … */
export class TorchDtype {
  readonly dtypeName: string;

  constructor(dtypeName: string) {
    this.dtypeName = dtypeName;
  }
}

/** A plain `numpy.dtype`: kind and size (`f8`), and byte order. */
export class NumpyDtype {
  /** One of b, i, u, f, c, then the size in bytes. */
  readonly code: string;
  byteOrder: '<' | '>' | '|' | '=' = '|';

  constructor(code: string) {
    this.code = code;
  }
}

/** A NumPy scalar with its raw bytes. */
export class NumpyScalar {
  /** Module that its class was pickled from; NumPy 2 renamed it. */
  readonly module: string;
  readonly dtype: NumpyDtype;
  readonly bytes: Uint8Array;

  constructor(module: string, dtype: NumpyDtype, bytes: Uint8Array) {
    this.module = module;
    this.dtype = dtype;
    this.bytes = bytes;
  }
}

/** A NumPy array of plain numbers, with its raw bytes. */
export class NumpyArray {
  readonly module: string;
  dtype: NumpyDtype = new NumpyDtype('u1');
  shape: readonly number[] = [0];
  isFortranOrder = false;
  bytes: Uint8Array = new Uint8Array(0);

  constructor(module: string) {
    this.module = module;
  }
}

/** A class or function that stands in the file as a value. It is a name and nothing else. */
export class PyGlobal {
  /** Module and name, joined by a dot. */
  readonly fullName: string;

  constructor(fullName: string) {
    this.fullName = fullName;
  }
}

/**
 * What Python would make by calling a class or function that means nothing here: a description of the call, of the
 * state that would be set and of the items that would be added. Nothing of it is ever run.
 */
export class PyObject {
  /** Module and name of what would be called, joined by a dot. */
  readonly fullName: string;
  readonly args: readonly PickleValue[];
  /** Attributes, mostly as a dict. */
  state: PickleValue = null;
  /** Items that it holds as a dict. */
  dict: PyDict | undefined;
  /** Items that it holds as a list or set. */
  list: PickleValue[] | undefined;

  constructor(fullName: string, args: readonly PickleValue[] = []) {
    this.fullName = fullName;
    this.args = args;
  }
}

/** The dict that a value is, also as an object of a subclass of dict. */
export function dictOf(value: PickleValue | undefined): PyDict | undefined {
  if (value instanceof PyDict) return value;
  return value instanceof PyObject ? value.dict : undefined;
}

/** Whether a value is a tensor. */
export function isTensor(value: unknown): value is CheckpointTensor {
  return typeof value === 'object' && value !== null && 'storage' in value && 'stride' in value;
}
