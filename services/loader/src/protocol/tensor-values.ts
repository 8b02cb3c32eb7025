import { findNonFinite } from '@caissa/tensor';
import { invalid, quoted } from './json-body.js';
import { FLOAT_BYTES } from './tensors.js';

/**
 * Numbers of a JSON tensor, flat or nested as its shape says, in row-major order.
 * @throws AppError INVALID_BODY
 */
export function valuesFromJson(data: unknown, shape: readonly number[], name: string): Float32Array {
  if (!Array.isArray(data)) throw invalid(`The data of the input ${name} must be an array.`);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = new Float32Array(size);
  const fits = Array.isArray(data[0]) ? fillNested(values, data, shape) === size : fillFlat(values, data, 0, size);
  if (!fits) {
    throw invalid(`The data of the input ${name} is neither ${size} numbers nor nested as its shape [${shape}] says.`);
  }
  return refuseNonFinite(values, name);
}

/** Numbers of a binary tensor: little-endian, row-major, unpadded. @throws AppError INVALID_BODY */
export function valuesFromBytes(bytes: Buffer, name: string): Float32Array {
  const count = bytes.length / FLOAT_BYTES;
  if (bytes.byteOffset % FLOAT_BYTES === 0) {
    return refuseNonFinite(new Float32Array(bytes.buffer, bytes.byteOffset, count), name);
  }
  const values = new Float32Array(count);
  bytes.copy(Buffer.from(values.buffer));
  return refuseNonFinite(values, name);
}

/** Writes numbers from `offset` on; false if there are not `size` of them. @throws AppError INVALID_BODY */
function fillFlat(values: Float32Array, data: readonly unknown[], offset: number, size: number): boolean {
  if (data.length !== size) return false;
  for (let i = 0; i < size; i++) {
    const value = data[i];
    if (typeof value !== 'number') {
      if (Array.isArray(value)) return false;
      throw invalid(`The data of an input holds ${quoted(value)}, which is not a number.`);
    }
    values[offset + i] = value;
  }
  return true;
}

/** Writes nested arrays from `offset` on; returns the offset after them, or −1 if they are not of the shape. */
function fillNested(values: Float32Array, data: unknown, shape: readonly number[], offset = 0): number {
  const [length = 0, ...rest] = shape;
  if (!Array.isArray(data) || data.length !== length) return -1;
  if (rest.length === 0) return fillFlat(values, data, offset, length) ? offset + length : -1;
  let next = offset;
  for (const row of data) {
    next = fillNested(values, row, rest, next);
    if (next === -1) return -1;
  }
  return next;
}

/** A network makes NaN of everything from one value that is not finite. */
function refuseNonFinite(values: Float32Array, name: string): Float32Array {
  const at = findNonFinite(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 'float32');
  if (at === -1) return values;
  throw invalid(`Number ${at} of the input ${name} is ${values[at]}, and only finite numbers can be computed with.`);
}
