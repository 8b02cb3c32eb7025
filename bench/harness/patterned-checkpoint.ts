import { type ByteSource, writeFileWhole } from '@caissa/bytes';
import { type FULL_SIZE, type Slot, slotsOf } from '@caissa/chess';
import { fromJson, OrderedDict, PyDict, writeCheckpoint } from '@caissa/pytorch';
import { contiguousStride, elementCount, type Tensor } from '@caissa/tensor';

/** Repeated over all weights. A prime number of elements, so that no two rows of a layer are alike. */
const PATTERN_ELEMENTS = 262_139;
const WEIGHT_BOUND = 0.01;

/** A pattern of bytes again and again: weights of any size that take no memory. */
class PatternSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #pattern: Uint8Array;

  constructor(sizeBytes: number, pattern: Uint8Array) {
    this.sizeBytes = sizeBytes;
    this.#pattern = pattern;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    for (let filled = 0; filled < target.length; ) {
      const from = (offset + filled) % this.#pattern.length;
      const piece = this.#pattern.subarray(from, from + target.length - filled);
      target.set(piece, filled);
      filled += piece.length;
    }
  }
}

/** Writes a checkpoint of any size, whose weights are a repeated noise, without ever having it in memory. */
export async function writePatternedCheckpoint(path: string, sizes: typeof FULL_SIZE): Promise<void> {
  const noise = Float32Array.from({ length: PATTERN_ELEMENTS }, () => (2 * Math.random() - 1) * WEIGHT_BOUND);
  const patterns = { noise: bytesOf(noise), ones: bytesOf(Float32Array.of(1)), zeros: new Uint8Array(8) };
  const stateDict = new OrderedDict();
  slotsOf(sizes).forEach((slot, index) => {
    stateDict.set(slot.name, tensorOf(slot, String(index), patterns[PATTERN_OF[slot.kind]]));
  });
  const architecture = fromJson({ num_channels: sizes.channels, num_res_blocks: sizes.blocks });
  const root = new PyDict([
    ['model_state_dict', stateDict],
    ['metadata', fromJson({ version: 1, training_date: '2025-10-06T00:00:00' })],
    ['architecture', architecture],
  ]);
  await writeFileWhole(path, (sink) => writeCheckpoint(sink, root));
}

/** Batch norms are the identity. */
const PATTERN_OF = {
  weight: 'noise',
  bias: 'noise',
  normWeight: 'ones',
  normBias: 'zeros',
  runningMean: 'zeros',
  runningVar: 'ones',
  count: 'zeros',
} as const;

function tensorOf({ kind, shape }: Slot, key: string, pattern: Uint8Array): Tensor {
  const dtype = kind === 'count' ? 'int64' : 'float32';
  const sizeBytes = elementCount(shape) * (kind === 'count' ? 8 : 4);
  const storage = { key, dtype, sizeBytes, source: new PatternSource(sizeBytes, pattern), offsetBytes: 0 } as const;
  return { storage, dtype, offset: 0, shape, stride: contiguousStride(shape) };
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
