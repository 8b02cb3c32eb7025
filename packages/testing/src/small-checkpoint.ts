import { BufferSource } from '@caissa/bytes';
import { initialStateDict } from '@caissa/chess';
import { fromJson, OrderedDict, type PickleValue, PyDict, writeCheckpoint } from '@caissa/pytorch';
import type { Storage, Tensor } from '@caissa/tensor';
import { MemorySink } from './memory-sink.js';

/** A network of the family that takes no time. */
export const SMALL = {
  channels: 4,
  blocks: 1,
  planes: 14,
  policyPlanes: 1,
  valuePlanes: 1,
  valueHidden: 4,
  policySize: 4096,
};

/** The state dict of a small untrained network, every name with a prefix. */
export function smallStateDict(prefix = '', architecture = SMALL): OrderedDict {
  const stateDict = new OrderedDict();
  for (const [name, tensor] of initialStateDict(architecture, 1)) stateDict.set(prefix + name, tensor);
  return stateDict;
}

/** A checkpoint's object as training code saves it. */
export function smallRoot(stateDict: PickleValue = smallStateDict()): PyDict {
  return new PyDict([
    ['model_state_dict', stateDict],
    ['metadata', fromJson({ version: 7, training_date: '2025-10-06T23:56:50', win_rate: 0.75 })],
    ['architecture', fromJson({ num_channels: SMALL.channels, num_res_blocks: SMALL.blocks })],
  ]);
}

/** The file of a saved object, in memory. */
export async function saved(root: PickleValue): Promise<BufferSource> {
  const sink = new MemorySink();
  await writeCheckpoint(sink, root);
  return sink.source;
}

/** The same tensor with other elements: those of a copy of its bytes that `change` was given. */
export async function changed(tensor: Tensor, change: (elements: Float32Array) => void): Promise<Tensor> {
  const bytes = new Uint8Array(tensor.storage.sizeBytes);
  await tensor.storage.source.readInto(bytes, tensor.storage.offsetBytes);
  change(new Float32Array(bytes.buffer));
  const { crc32: _, ...rest } = tensor.storage;
  const storage: Storage = { ...rest, source: new BufferSource(bytes), offsetBytes: 0 };
  return { ...tensor, storage };
}

/** A checkpoint with one element of one tensor replaced. */
export async function savedWith(name: string, index: number, value: number): Promise<BufferSource> {
  const stateDict = smallStateDict();
  const tensor = stateDict.get(name) as Tensor;
  stateDict.set(
    name,
    await changed(tensor, (elements) => {
      elements[index] = value;
    }),
  );
  return saved(smallRoot(stateDict));
}
