import { itemSizeBytes } from './dtype.js';
import { assertReal, convertToFloat32 } from './element-convert.js';
import { readContiguous } from './element-read-contiguous.js';
import { readStrided } from './element-read-strided.js';
import { elementCount, isContiguous, type Tensor } from './tensor.js';
import { assertTensorBounds } from './tensor-bounds.js';

/** How {@link readFloat32Chunks} reads. */
export interface ReadFloat32Options {
  /** Largest piece that is yielded, in bytes of float32; 1 MiB by default. */
  readonly chunkBytes?: number;
}

const DEFAULT_CHUNK_BYTES = 1 << 20;

/**
 * Yields the logical elements of a tensor in row-major order as float32, in pieces of at most `chunkBytes`. A yielded
 * array is valid until the next one is asked for. For contiguous tensors the next piece is being read meanwhile; any
 * other view is read in tiles. Buffers stay below 16 MiB however large the tensor is.
 * @throws FormatError TENSOR_BOUNDS, ZIP_TRUNCATED, ARCHITECTURE_MISMATCH (complex elements)
 */
export async function* readFloat32Chunks(
  tensor: Tensor,
  options: ReadFloat32Options = {},
): AsyncGenerator<Float32Array, void, undefined> {
  assertTensorBounds(tensor);
  assertReal(tensor.dtype);
  if (elementCount(tensor.shape) === 0) return;
  const chunkElements = Math.max(1, Math.floor((options.chunkBytes ?? DEFAULT_CHUNK_BYTES) / 4));
  if (isContiguous(tensor)) yield* readContiguous(tensor, chunkElements);
  else yield* readStrided(tensor, chunkElements);
}

/**
 * All logical elements of a tensor in row-major order as float32; for tensors that are known to be small.
 * @throws FormatError as {@link readFloat32Chunks}
 */
export async function readFloat32(tensor: Tensor): Promise<Float32Array> {
  assertTensorBounds(tensor);
  assertReal(tensor.dtype);
  const elements = new Float32Array(elementCount(tensor.shape));
  if (elements.length === 0) return elements;
  if (isContiguous(tensor)) return readWhole(tensor, elements);
  let filled = 0;
  for await (const chunk of readFloat32Chunks(tensor)) {
    elements.set(chunk, filled);
    filled += chunk.length;
  }
  return elements;
}

async function readWhole(tensor: Tensor, elements: Float32Array<ArrayBuffer>): Promise<Float32Array> {
  const itemSize = itemSizeBytes(tensor.dtype);
  const direct = tensor.dtype === 'float32';
  const bytes = direct ? new Uint8Array(elements.buffer) : new Uint8Array(elements.length * itemSize);
  await tensor.storage.source.readInto(bytes, tensor.storage.offsetBytes + tensor.offset * itemSize);
  if (!direct) convertToFloat32(tensor.dtype, bytes, elements);
  return elements;
}
