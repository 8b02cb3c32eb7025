import { BufferSource } from '@caissa/bytes';
import { contiguousStride, elementCount, type StateDict, type Tensor } from '@caissa/tensor';
import { type Architecture, type Slot, slotsOf } from './architecture.js';
import { seededRandom } from './seeded-random.js';

/** Sizes of the network that the training code trains. */
export const FULL_SIZE: Architecture = {
  channels: 128,
  blocks: 6,
  planes: 14,
  policyPlanes: 32,
  valuePlanes: 32,
  valueHidden: 256,
  policySize: 4096,
};

/**
 * The state dict of an untrained network, in memory, float32: weights and biases uniform in ±1/√(inputs of a unit) as
 * PyTorch's `Conv2d` and `Linear` start (Kaiming uniform with a = √5), batch norms as the identity. The same seed
 * gives the same bytes.
 */
export function initialStateDict(architecture: Architecture, seed: number): StateDict {
  const random = seededRandom(seed);
  const stateDict = new Map<string, Tensor>();
  let bound = 0;
  for (const slot of slotsOf(architecture)) {
    // A layer's bias comes right after its weight and has the same bound.
    if (slot.kind === 'weight') bound = 1 / Math.sqrt(elementCount(slot.shape.slice(1)));
    stateDict.set(slot.name, initialTensor(slot, String(stateDict.size), bound, random));
  }
  return stateDict;
}

function initialTensor({ kind, shape }: Slot, key: string, bound: number, random: () => number): Tensor {
  const bytes = kind === 'count' ? new Uint8Array(8) : bytesOf(initialValues(kind, shape, bound, random));
  const dtype = kind === 'count' ? 'int64' : 'float32';
  const storage = { key, dtype, sizeBytes: bytes.length, source: new BufferSource(bytes), offsetBytes: 0 } as const;
  return { storage, dtype, offset: 0, shape, stride: contiguousStride(shape) };
}

function initialValues(
  kind: Exclude<Slot['kind'], 'count'>,
  shape: readonly number[],
  bound: number,
  random: () => number,
): Float32Array {
  const values = new Float32Array(elementCount(shape));
  if (kind === 'normWeight' || kind === 'runningVar') return values.fill(1);
  if (kind === 'normBias' || kind === 'runningMean') return values;
  for (let i = 0; i < values.length; i++) values[i] = (2 * random() - 1) * bound;
  return values;
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
