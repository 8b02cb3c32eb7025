import { FormatError, type SourceRange } from '@caissa/bytes';
import {
  assertTensorBounds,
  elementCount,
  findNonFinite,
  isContiguous,
  itemSizeBytes,
  readFloat32,
  readFloat32Chunks,
} from '@caissa/tensor';
import type { StoredWeight, Weight } from './graph.js';

/** Where the elements of a weight stand in a file just as they are needed, but for a change. */
export interface WeightRange extends SourceRange, Pick<StoredWeight, 'change'> {}

/** Returns the shape of a weight. */
export function weightShape(weight: Weight): readonly number[] {
  return 'tensor' in weight ? weight.tensor.shape : weight.shape;
}

/** Returns where a weight can be copied from; undefined if its elements are not float32, row-major and in one place. */
export function weightRange(weight: Weight): WeightRange | undefined {
  if (!('tensor' in weight) || weight.tensor.dtype !== 'float32' || !isContiguous(weight.tensor)) return undefined;
  const { tensor, ...change } = weight;
  assertTensorBounds(tensor);
  const { source, offsetBytes } = tensor.storage;
  const itemBytes = itemSizeBytes(tensor.dtype);
  return {
    source,
    offsetBytes: offsetBytes + tensor.offset * itemBytes,
    lengthBytes: elementCount(tensor.shape) * itemBytes,
    ...change,
  };
}

/**
 * Reads a weight in row-major float32 pieces and refuses a number that is not finite. A piece is valid until the next
 * one is asked for.
 * @throws FormatError NON_FINITE_WEIGHTS with the weight's name and the element's index
 */
export async function* readWeightChunks(name: string, weight: Weight): AsyncGenerator<Float32Array> {
  if (!('tensor' in weight)) {
    yield await weight.compute();
    return;
  }
  let elementsBefore = 0;
  for await (const chunk of readFloat32Chunks(weight.tensor)) {
    await prepare(name, weight, chunk, elementsBefore);
    elementsBefore += chunk.length;
    yield chunk;
  }
}

/**
 * Reads a weight as row-major float32; for weights that are known to be small.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function readWeight(name: string, weight: Weight): Promise<Float32Array> {
  if (!('tensor' in weight)) return weight.compute();
  const elements = await readFloat32(weight.tensor);
  await prepare(name, weight, elements, 0);
  return elements;
}

async function prepare(name: string, weight: StoredWeight, chunk: Float32Array, elementsBefore: number): Promise<void> {
  refuseNonFinite(name, weight.tensor.shape, chunk, elementsBefore);
  await weight.change?.(bytesOf(chunk), elementsBefore * chunk.BYTES_PER_ELEMENT);
}

/** @throws FormatError NON_FINITE_WEIGHTS if `values`, which start at element `elementsBefore`, are not all finite */
export function refuseNonFinite(
  name: string,
  shape: readonly number[],
  values: Float32Array,
  elementsBefore: number,
): void {
  const index = findNonFinite(bytesOf(values), 'float32');
  if (index < 0) return;
  throw unplayable(`${name} holds ${values[index]} at [${indexOf(elementsBefore + index, shape).join(', ')}]`);
}

/**
 * Refuses a running variance that batch norm cannot take the root of.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export function refuseNegativeVariance(name: string, variances: Float32Array, eps: number): void {
  const channel = variances.findIndex((variance) => variance + eps <= 0);
  if (channel >= 0) {
    throw unplayable(`${name} is ${variances[channel]} at channel ${channel}, and a variance must not be negative`);
  }
}

/** Little-endian bytes of float32 elements: their own memory, since Caissa runs on little-endian processors only. */
export function bytesOf(elements: Float32Array): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

function indexOf(element: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = element;
  for (let axis = 0; axis < shape.length; axis++) {
    const step = elementCount(shape.slice(axis + 1));
    index.push(Math.floor(rest / step));
    rest %= step;
  }
  return index;
}

function unplayable(message: string): FormatError {
  return new FormatError('NON_FINITE_WEIGHTS', `${message}, so the network cannot play.`);
}
