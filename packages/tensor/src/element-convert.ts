import { FormatError } from '@caissa/bytes';
import { type DType, itemSizeBytes } from './dtype.js';
import { halfTable } from './float-half.js';

/** Writes `target.length` elements, taken from the start of `bytes`, into `target`. */
type Converter = (bytes: ArrayBuffer, byteOffset: number, target: Float32Array) => void;

function copyFrom(view: new (buffer: ArrayBuffer, offset: number, length: number) => ArrayLike<number>): Converter {
  return (bytes, byteOffset, target) => target.set(new view(bytes, byteOffset, target.length));
}

const fromHalf: Converter = (bytes, byteOffset, target) => {
  const source = new Uint16Array(bytes, byteOffset, target.length);
  const table = halfTable();
  for (let i = 0; i < source.length; i++) target[i] = table[source[i] as number] as number;
};

/** A bfloat16 is the upper half of a float32. Works on bits, so that NaN payloads survive. */
const fromBfloat16: Converter = (bytes, byteOffset, target) => {
  const source = new Uint16Array(bytes, byteOffset, target.length);
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i++) bits[i] = (source[i] as number) << 16;
};

/** 64-bit integers as two halves: six times as fast as BigInt64Array, and rounds to float64 the same way. */
const fromInt64: Converter = (bytes, byteOffset, target) => {
  const halves = new Int32Array(bytes, byteOffset, target.length * 2);
  for (let i = 0; i < target.length; i++) {
    target[i] = (halves[2 * i + 1] as number) * 4_294_967_296 + ((halves[2 * i] as number) >>> 0);
  }
};

const CONVERTERS: Partial<Record<DType, Converter>> = {
  bool: copyFrom(Uint8Array),
  uint8: copyFrom(Uint8Array),
  int8: copyFrom(Int8Array),
  int16: copyFrom(Int16Array),
  float16: fromHalf,
  bfloat16: fromBfloat16,
  int32: copyFrom(Int32Array),
  float32: copyFrom(Float32Array),
  int64: fromInt64,
  float64: copyFrom(Float64Array),
};

/**
 * Converts little-endian elements to float32: exact for float16, bfloat16 and integers up to 2^24, else rounded to the
 * nearest. `bytes` holds `target.length` elements.
 * @throws FormatError ARCHITECTURE_MISMATCH for complex elements, which are not real numbers
 */
export function convertToFloat32(dtype: DType, bytes: Uint8Array, target: Float32Array): void {
  const convert = CONVERTERS[dtype];
  if (convert === undefined) throw notReal(dtype);
  const size = target.length * itemSizeBytes(dtype);
  const aligned = bytes.byteOffset % itemSizeBytes(dtype) === 0 && bytes.buffer instanceof ArrayBuffer;
  if (aligned) convert(bytes.buffer as ArrayBuffer, bytes.byteOffset, target);
  else convert(bytes.slice(0, size).buffer as ArrayBuffer, 0, target);
}

/**
 * Checks that a type can be converted to float32.
 * @throws FormatError ARCHITECTURE_MISMATCH if it is complex
 */
export function assertReal(dtype: DType): void {
  if (CONVERTERS[dtype] === undefined) throw notReal(dtype);
}

function notReal(dtype: DType): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', `Elements of type ${dtype} are not real numbers.`);
}
