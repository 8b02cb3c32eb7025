import type { Storage, Tensor } from '@caissa/tensor';

/**
 * What a checkpoint may hold, as inert data. Python's int is a `number` where that is exact and a `bigint` elsewhere;
 * float is always a {@link PyFloat}, so that 1 and 1.0 stay apart; None is `null`; a list is an array; dict, Counter
 * and OrderedDict are Maps in the order of the file.
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
  | Set<PickleValue>
  | CheckpointTensor
  | PyStorage
  | TorchSize
  | TorchDevice
  | TorchDtype
  | NumpyDtype
  | NumpyScalar
  | NumpyArray;

/** A Python dict. Keys that are numbers, strings, booleans or null compare by value, all others by identity. */
export type PyDict = Map<PickleValue, PickleValue>;

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
export class OrderedDict extends Map<PickleValue, PickleValue> {
  readonly attributes = new Map<string, PickleValue>();
}

/** A `collections.Counter`. */
export class PyCounter extends Map<PickleValue, PickleValue> {}

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

/** Whether a value is a tensor. */
export function isTensor(value: unknown): value is CheckpointTensor {
  return typeof value === 'object' && value !== null && 'storage' in value && 'stride' in value;
}
