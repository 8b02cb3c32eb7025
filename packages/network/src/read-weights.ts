import { FormatError } from '@caissa/bytes';
import { elementCount, readFloat32, readFloat32Chunks, type Tensor } from '@caissa/tensor';
import { BATCH_NORM_EPSILON, type NetworkTensors } from './architecture.js';
import { findNonFinite } from './find-non-finite.js';
import { slotsOf } from './layout.js';

/**
 * Reads a tensor in row-major float32 pieces and refuses a number that is not finite. A piece is valid until the next
 * one is asked for.
 * @throws FormatError NON_FINITE_WEIGHTS with the tensor's name and the element's index
 */
export async function* readFiniteChunks(name: string, tensor: Tensor): AsyncGenerator<Float32Array> {
  let elementsBefore = 0;
  for await (const chunk of readFloat32Chunks(tensor)) {
    refuseNonFinite(name, tensor.shape, chunk, elementsBefore);
    elementsBefore += chunk.length;
    yield chunk;
  }
}

/**
 * Reads the named tensor of a network as row-major float32.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export async function readFinite(network: NetworkTensors, name: string): Promise<Float32Array> {
  const tensor = tensorNamed(network, name);
  const values = await readFloat32(tensor);
  refuseNonFinite(name, tensor.shape, values, 0);
  return values;
}

/**
 * Reads some small tensors at once. Waits for every read before it refuses, so that the file may be closed then.
 * @throws FormatError NON_FINITE_WEIGHTS for the first of `names` that holds one
 */
export async function readAllFinite(
  network: NetworkTensors,
  names: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const results = await Promise.allSettled(names.map((name) => readFinite(network, name)));
  const values = new Map<string, Float32Array>();
  results.forEach((result, i) => {
    if (result.status === 'rejected') throw result.reason;
    values.set(names[i] ?? '', result.value);
  });
  return values;
}

/** The named tensor of a network that has it. */
export function tensorNamed(network: NetworkTensors, name: string): Tensor {
  const tensor = network.tensors.get(name);
  if (tensor === undefined) throw new RangeError(`the network was inferred without ${name}`);
  return tensor;
}

/**
 * Refuses a running variance that batch norm cannot take the root of.
 * @throws FormatError NON_FINITE_WEIGHTS
 */
export function refuseNegativeVariance(name: string, variances: Float32Array): void {
  const channel = variances.findIndex((variance) => variance + BATCH_NORM_EPSILON <= 0);
  if (channel >= 0) {
    throw nonFinite(`${name} is ${variances[channel]} at channel ${channel}, and a variance must not be negative`);
  }
}

/**
 * Reads every weight once and refuses numbers that are not finite (as float32) and negative variances.
 * @param onRead called after each piece with its bytes
 * @throws FormatError NON_FINITE_WEIGHTS with the tensor's name
 */
export async function checkFinite(
  network: NetworkTensors,
  signal?: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<void> {
  for (const { name, kind } of slotsOf(network.architecture)) {
    const tensor = network.tensors.get(name);
    if (tensor === undefined || kind === 'count') continue;
    for await (const chunk of readFiniteChunks(name, tensor)) {
      signal?.throwIfAborted();
      if (kind === 'runningVar') refuseNegativeVariance(name, chunk);
      onRead?.(chunk.byteLength);
    }
  }
}

/**
 * Refuses negative variances only: for an export that looks for NaN with `findNonFinite` while it copies.
 * @throws FormatError NON_FINITE_WEIGHTS with the tensor's name
 */
export async function checkVariances(network: NetworkTensors): Promise<void> {
  for (const { name, kind } of slotsOf(network.architecture)) {
    if (kind === 'runningVar') refuseNegativeVariance(name, await readFinite(network, name));
  }
}

/** @throws FormatError NON_FINITE_WEIGHTS if `values`, which start at element `elementsBefore`, are not all finite */
export function refuseNonFinite(
  name: string,
  shape: readonly number[],
  values: Float32Array,
  elementsBefore: number,
): void {
  const index = findNonFinite(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 'float32');
  if (index < 0) return;
  throw nonFinite(`${name} holds ${values[index]} at [${indexOf(elementsBefore + index, shape).join(', ')}]`);
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

function nonFinite(message: string): FormatError {
  return new FormatError('NON_FINITE_WEIGHTS', `${message}, so the network cannot play.`);
}
