import { FormatError } from '@caissa/bytes';
import { itemSizeBytes } from './dtype.js';
import { elementCount, type Tensor } from './tensor.js';

/**
 * Checks that every element of a view lies inside its storage: `offset + Σ(size − 1)·stride` is an element of it. An
 * empty tensor may start anywhere up to the end. No step overflows: all operands stay exact integers.
 * @throws FormatError TENSOR_BOUNDS
 */
export function assertTensorBounds(tensor: Tensor): void {
  const { shape, stride, offset, storage } = tensor;
  if (shape.length !== stride.length) {
    throw bounds(`A tensor has ${shape.length} axes but ${stride.length} strides.`);
  }
  const capacity = Math.floor(storage.sizeBytes / itemSizeBytes(tensor.dtype));
  const naturals = [offset, ...shape, ...stride].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!naturals)
    throw bounds(`A tensor of storage ${storage.key} has a negative or fractional offset, size or stride.`);
  if (!Number.isSafeInteger(elementCount(shape))) {
    throw bounds(`A tensor of storage ${storage.key} claims more elements than can be counted.`);
  }
  if (lastElement(tensor) >= capacity) {
    throw bounds(`A tensor reaches past the end of storage ${storage.key}, which has ${capacity} elements.`);
  }
}

/** Index of the last element that is touched, or one less than the offset if none is; Infinity if it is not exact. */
function lastElement(tensor: Tensor): number {
  if (tensor.shape.includes(0)) return tensor.offset - 1;
  let last = tensor.offset;
  for (const [axis, size] of tensor.shape.entries()) {
    last += (size - 1) * (tensor.stride[axis] ?? 0);
    if (!Number.isSafeInteger(last)) return Number.POSITIVE_INFINITY;
  }
  return last;
}

function bounds(message: string): FormatError {
  return new FormatError('TENSOR_BOUNDS', message);
}
