import { BufferSource } from '@caissa/bytes';
import { contiguousStride, type DType, elementCount, readFloat32, type Tensor } from '@caissa/tensor';
import { describe, expect, it } from 'vitest';
import { tensorElements } from './tensor-elements.js';

/** Storages lie anywhere in a file. */
const OFFSET_BYTES = 13;

function tensorOf(dtype: DType, bytes: Uint8Array, shape: readonly number[], view: Partial<Tensor> = {}): Tensor {
  const source = new BufferSource(Buffer.concat([Buffer.alloc(OFFSET_BYTES), bytes]));
  const storage = { key: '0', dtype, sizeBytes: bytes.length, source, offsetBytes: OFFSET_BYTES };
  return { storage, dtype, shape, stride: contiguousStride(shape), offset: 0, ...view };
}

function countUp(count: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => i + 0.5).buffer);
}

async function all(tensor: Tensor): Promise<number[]> {
  const elements: number[] = [];
  for await (const piece of tensorElements(tensor)) for (const element of piece) elements.push(element);
  return elements;
}

describe('tensorElements', () => {
  it.each<[string, readonly number[], Partial<Tensor>]>([
    ['a scalar', [], { offset: 7 }],
    ['nothing', [3, 0, 2], {}],
    ['several pieces', [600, 1000], {}],
    ['a part', [10, 20], { stride: [50, 1], offset: 3 }],
    ['a transposed matrix', [1200, 500], { stride: [1, 1200] }],
    ['channels that come last', [60, 40, 3, 3], { stride: [360, 1, 120, 40] }],
    ['rows that lie far apart', [30, 4], { stride: [20_000, 1] }],
    ['columns that lie far apart', [4, 30], { stride: [1, 20_000] }],
    ['one element over and over', [5, 6], { stride: [0, 0], offset: 9 }],
  ])('yields what the reader of exports reads: %s', async (_, shape, view) => {
    const tensor = tensorOf('float32', countUp(600_000), shape, view);
    const elements = await all(tensor);
    expect(elements.length).toBe(elementCount(shape));
    expect(Float32Array.from(elements)).toEqual(await readFloat32(tensor));
  });

  it('reads every float16 and bfloat16', async () => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const tensor = tensorOf(dtype, new Uint8Array(patterns.buffer), [65_536]);
      const [found, expected] = [await all(tensor), await readFloat32(tensor)];
      const differing = found.filter((value, i) => !Object.is(value, expected[i]));
      expect(differing).toEqual([]);
    }
  });

  it('rounds float64', async () => {
    const values = Float64Array.of(0.1, -1e-50, 1 / 3);
    const tensor = tensorOf('float64', new Uint8Array(values.buffer), [3]);
    expect(await all(tensor)).toEqual([...values].map(Math.fround));
  });

  it('refuses a view that leaves its storage', async () => {
    await expect(all(tensorOf('float32', countUp(5), [6]))).rejects.toMatchObject({ code: 'TENSOR_BOUNDS' });
  });
});
