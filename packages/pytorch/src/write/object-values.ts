import { OPCODE } from '../pickle/opcode.js';
import {
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  PyByteArray,
  PyComplex,
  TorchDevice,
  TorchDtype,
  TorchSize,
} from '../pickle-value.js';
import type { PickleBuilder, Step } from './pickle-builder.js';

/** Values without items of their own that Python makes by calling a function. */
export type ObjectValue =
  | Uint8Array
  | PyByteArray
  | PyComplex
  | TorchSize
  | TorchDevice
  | TorchDtype
  | NumpyDtype
  | NumpyScalar
  | NumpyArray;

/** Schedules a value that Python makes by calling a function. */
export function writeObject(builder: PickleBuilder, value: ObjectValue): void {
  if (value instanceof TorchDtype) {
    builder.global('torch', value.dtypeName);
    return;
  }
  if (builder.recall(value)) return;
  const next = [() => builder.memoize(value)];
  if (value instanceof Uint8Array) writeBytes(builder, value, next);
  else if (value instanceof NumpyDtype) writeDtype(builder, value, next);
  else if (value instanceof NumpyArray) writeArray(builder, value, next);
  else {
    const [module, name] = CALLEES.get(value.constructor) ?? [];
    if (module === undefined || name === undefined) throw new TypeError('Not a value of a checkpoint.');
    builder.call(value instanceof NumpyScalar ? value.module : module, name, argumentsOf(builder, value), next);
  }
}

/** Functions that make the simpler classes. */
const CALLEES: ReadonlyMap<unknown, readonly [module: string, name: string]> = new Map<
  unknown,
  readonly [string, string]
>([
  [PyByteArray, ['__builtin__', 'bytearray']],
  [PyComplex, ['__builtin__', 'complex']],
  [TorchSize, ['torch', 'Size']],
  [TorchDevice, ['torch', 'device']],
  [NumpyScalar, ['numpy.core.multiarray', 'scalar']],
]);

function argumentsOf(
  builder: PickleBuilder,
  value: PyByteArray | PyComplex | TorchSize | TorchDevice | NumpyScalar,
): readonly Step[] {
  if (value instanceof TorchSize) return [() => writeSizes(builder, value.sizes)];
  if (value instanceof PyComplex) return [() => builder.float(value.real), () => builder.float(value.imaginary)];
  if (value instanceof NumpyScalar) {
    return [() => writeObject(builder, value.dtype), () => writeObject(builder, value.bytes)];
  }
  if (value instanceof TorchDevice) {
    const { type, index } = value;
    return [() => builder.text(type), ...(index === undefined ? [] : [() => builder.integer(index)])];
  }
  return [() => builder.text(latin1(value.bytes)), () => builder.text('latin-1')];
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Protocol 2 has no bytes: they are text of the characters 0 to 255, encoded. */
function writeBytes(builder: PickleBuilder, bytes: Uint8Array, next: readonly Step[] = []): void {
  const text = latin1(bytes);
  builder.call('_codecs', 'encode', [() => builder.text(text), () => builder.text('latin1')], next);
}

function writeSizes(builder: PickleBuilder, sizes: readonly number[]): void {
  builder.tuple(sizes.map((size) => () => builder.integer(size)));
}

/** State: version, byte order, no fields, no size or alignment of its own, no flags. */
function writeDtype(builder: PickleBuilder, dtype: NumpyDtype, next: readonly Step[]): void {
  const none = (): void => builder.operation(OPCODE.NONE);
  const state = [
    () => builder.integer(3),
    () => builder.text(dtype.byteOrder === '=' ? '<' : dtype.byteOrder),
    none,
    none,
    none,
    () => builder.integer(-1),
    () => builder.integer(-1),
    () => builder.integer(0),
  ];
  const spec = [
    () => builder.text(dtype.code),
    () => builder.operation(OPCODE.NEWFALSE),
    () => builder.operation(OPCODE.NEWTRUE),
  ];
  builder.call('numpy', 'dtype', spec, [() => builder.tuple(state), () => builder.operation(OPCODE.BUILD), ...next]);
}

function writeArray(builder: PickleBuilder, array: NumpyArray, next: readonly Step[]): void {
  const empty = [
    () => builder.global('numpy', 'ndarray'),
    () => writeSizes(builder, [0]),
    () => writeBytes(builder, Buffer.from('b')),
  ];
  const state = [
    () => builder.integer(1),
    () => writeSizes(builder, array.shape),
    () => writeObject(builder, array.dtype),
    () => builder.operation(array.isFortranOrder ? OPCODE.NEWTRUE : OPCODE.NEWFALSE),
    () => writeObject(builder, array.bytes),
  ];
  builder.call(array.module, '_reconstruct', empty, [
    () => builder.tuple(state),
    () => builder.operation(OPCODE.BUILD),
    ...next,
  ]);
}
