import type { ByteSource } from '@caissa/bytes';
import type { DType } from './dtype.js';

/** Flat bytes that one or more tensors view: `sizeBytes` bytes of `source` from `offsetBytes` on. */
export interface Storage {
  /** Unique within its file; tensors with the same key share bytes. */
  readonly key: string;
  /** The element type the file declares for it; `uint8` for an untyped one. */
  readonly dtype: DType;
  readonly sizeBytes: number;
  readonly source: ByteSource;
  readonly offsetBytes: number;
  /** CRC-32 that the file states for these bytes; absent where the file states none. */
  readonly crc32?: number;
}

/** A view of a storage. Offset and strides count elements of `dtype`, as PyTorch counts them. */
export interface Tensor {
  readonly storage: Storage;
  readonly dtype: DType;
  /** Index of the first element in the storage. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** Parameter and buffer names with their tensors, in the order of the file. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** Number of elements of a shape; 1 for `[]`. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** Strides, in elements, of a row-major tensor of this shape. */
export function contiguousStride(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= Math.max(shape[axis] ?? 1, 1);
  }
  return stride;
}

/** Whether the elements lie in row-major order without gaps. The stride of an axis of size 1 does not matter. */
export function isContiguous(tensor: Tensor): boolean {
  const expected = contiguousStride(tensor.shape);
  return (
    elementCount(tensor.shape) === 0 ||
    tensor.shape.every((size, axis) => size === 1 || tensor.stride[axis] === expected[axis])
  );
}
