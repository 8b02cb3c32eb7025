import { BufferSource } from '@caissa/bytes';
import {
  contiguousStride,
  type DType,
  elementCount,
  itemSizeBytes,
  readFloat32,
  type StateDict,
  type Tensor,
} from '@caissa/tensor';
import type { Architecture } from '../src/architecture.js';
import { initialStateDict } from '../src/initial-state-dict.js';
import { seededRandom } from '../src/random.js';

/** The architecture of the checkpoints in tests/fixtures. */
export const SMALL: Architecture = {
  channels: 8,
  blocks: 2,
  planes: 14,
  policyPlanes: 1,
  valuePlanes: 2,
  valueHidden: 4,
  policySize: 4096,
};

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

/** The tensor of a name that is known to be there. */
export function named(stateDict: StateDict, name: string): Tensor {
  const tensor = stateDict.get(name);
  if (tensor === undefined) throw new Error(`no ${name}`);
  return tensor;
}

/** A state dict with some tensors replaced or added at the end, those given as undefined left out. */
export function changed(stateDict: StateDict, changes: Readonly<Record<string, Tensor | undefined>>): StateDict {
  const result = new Map(stateDict);
  for (const [name, tensor] of Object.entries(changes)) {
    if (tensor === undefined) result.delete(name);
    else result.set(name, tensor);
  }
  return result;
}

/** A network with several planes in each head, so that no single dead one makes an output the same for every position. */
export const LIVELY: Architecture = { ...SMALL, policyPlanes: 4, valuePlanes: 3, valueHidden: 16 };

/** A state dict whose batch norms do something, as after training. */
export function trainedStateDict(architecture: Architecture, seed: number): StateDict {
  const random = seededRandom(seed + 1000);
  const spread = (shape: readonly number[], from: number, to: number) =>
    floats(
      shape,
      Array.from({ length: elementCount(shape) }, () => from + (to - from) * random()),
    );
  const result = new Map(initialStateDict(architecture, seed));
  for (const [name, { shape }] of result) {
    if (/bn.*\.weight$/.test(name)) result.set(name, spread(shape, 0.5, 1.5));
    if (/bn.*\.(bias|running_mean)$/.test(name)) result.set(name, spread(shape, -0.5, 0.5));
    if (/bn.*\.running_var$/.test(name)) result.set(name, spread(shape, 0.01, 2));
  }
  return result;
}

/** One element of a tensor set to a number, in a copy. */
export async function withElement(tensor: Tensor, index: number, value: number): Promise<Tensor> {
  const values = await readFloat32(tensor);
  values[index] = value;
  return floats(tensor.shape, values);
}
