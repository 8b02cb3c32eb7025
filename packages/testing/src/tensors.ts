import { BufferSource } from '@caissa/bytes';
import { contiguousStride, type DType, elementCount, itemSizeBytes, readFloat32, type Tensor } from '@caissa/tensor';

/** A contiguous tensor over bytes of its own. */
export function tensorOf(shape: readonly number[], dtype: DType, bytes: Uint8Array): Tensor {
  const storage = { key: '0', dtype, sizeBytes: bytes.length, source: new BufferSource(bytes), offsetBytes: 0 };
  return { storage, dtype, offset: 0, shape, stride: contiguousStride(shape) };
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[], dtype: DType = 'float32'): Tensor {
  return tensorOf(shape, dtype, new Uint8Array(elementCount(shape) * itemSizeBytes(dtype)));
}

/** A float32 tensor of the given numbers. */
export function floats(shape: readonly number[], values: Iterable<number>): Tensor {
  return tensorOf(shape, 'float32', new Uint8Array(Float32Array.from(values).buffer));
}

/** Numbers from −1 to 1 that look random and are always the same. */
export function noise(count: number, seed = 1): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => 2 * (Math.abs(Math.sin((i + 1) * 12.9898 + seed) * 43758.5453) % 1) - 1,
  );
}

/** One element of a tensor set to a number, in a copy. */
export async function withElement(tensor: Tensor, index: number, value: number): Promise<Tensor> {
  const values = await readFloat32(tensor);
  values[index] = value;
  return floats(tensor.shape, values);
}
