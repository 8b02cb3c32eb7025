import { halfToNumber } from '@caissa/tensor';
import { type PickleValue, PyComplex, PyFloat } from './pickle-value.js';

/** Reads the element that begins at a byte. */
type ElementReader = (view: DataView, at: number, isLittleEndian: boolean) => PickleValue;

/** How an element type is read, and how many bytes it takes. */
export interface ElementType {
  readonly sizeBytes: number;
  readonly read: ElementReader;
}

/** Element types by the names that PyTorch and NumPy give them. All values are exact; what has none here stays bytes. */
const TYPES: Readonly<Record<string, ElementType>> = {
  bool: { sizeBytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  int8: { sizeBytes: 1, read: (view, at) => view.getInt8(at) },
  uint8: { sizeBytes: 1, read: (view, at) => view.getUint8(at) },
  int16: { sizeBytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  uint16: { sizeBytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  int32: { sizeBytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  uint32: { sizeBytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  int64: { sizeBytes: 8, read: (view, at, little) => integer(view.getBigInt64(at, little)) },
  uint64: { sizeBytes: 8, read: (view, at, little) => integer(view.getBigUint64(at, little)) },
  float16: { sizeBytes: 2, read: (view, at, little) => new PyFloat(halfToNumber(view.getUint16(at, little))) },
  bfloat16: { sizeBytes: 2, read: (view, at, little) => new PyFloat(brainFloat(view.getUint16(at, little))) },
  float32: { sizeBytes: 4, read: (view, at, little) => new PyFloat(view.getFloat32(at, little)) },
  float64: { sizeBytes: 8, read: (view, at, little) => new PyFloat(view.getFloat64(at, little)) },
  float128: { sizeBytes: 16, read: (view, at) => longDouble(view, at) ?? bytesOf(view, at, 16) },
  complex64: {
    sizeBytes: 8,
    read: (view, at, little) => new PyComplex(view.getFloat32(at, little), view.getFloat32(at + 4, little)),
  },
  complex128: {
    sizeBytes: 16,
    read: (view, at, little) => new PyComplex(view.getFloat64(at, little), view.getFloat64(at + 8, little)),
  },
};

/** How elements of a type are read; undefined for a type that is not one of plain numbers. */
export function elementType(name: string): ElementType | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}

/** The element at an index of packed elements. */
export function elementReader(
  { sizeBytes, read }: ElementType,
  bytes: Uint8Array,
  isLittleEndian = true,
): (index: number) => PickleValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (index) => read(view, index * sizeBytes, isLittleEndian);
}

/** Elements as lists in lists by their shape; the only one where there is no axis. Strides count elements. */
export function nestedLists(
  shape: readonly number[],
  stride: readonly number[],
  elementAt: (index: number) => PickleValue,
  offset = 0,
  axis = 0,
): PickleValue {
  const size = shape[axis];
  if (size === undefined) return elementAt(offset);
  const step = stride[axis] ?? 0;
  return Array.from({ length: size }, (_, at) => nestedLists(shape, stride, elementAt, offset + at * step, axis + 1));
}

/**
 * The value of an x87 number, which `numpy.longdouble` mostly is: 64 bits of mantissa, 16 of exponent and sign, 48 of
 * padding. Undefined if a float64 is not exactly that, or if the padding shows that it is another kind of number.
 */
function longDouble(view: DataView, at: number): PyFloat | undefined {
  const mantissa = view.getBigUint64(at, true);
  const head = view.getUint16(at + 8, true);
  const isPadded = view.getUint16(at + 10, true) === 0 && view.getUint32(at + 12, true) === 0;
  const exponent = (head & 0x7fff) - 16_383;
  const sign = head >> 15 === 0 ? 1 : -1;
  if (!isPadded) return undefined;
  if (mantissa === 0n && exponent === -16_383) return new PyFloat(sign * 0);
  // Of the 64 bits a float64 has the upper 53.
  if (exponent < -1022 || exponent > 1023 || (mantissa & 0x7ffn) !== 0n) return undefined;
  return new PyFloat(sign * (Number(mantissa) / 2 ** 63) * 2 ** exponent);
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, length);
}

function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A bfloat16 is the upper half of a float32. */
function brainFloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}
