import { describe, expect, it } from 'vitest';
import type { ByteSource } from './byte-io.js';
import { borrowBuffer, returnBuffer } from './chunk-buffers.js';
import { readFloat32Chunks } from './element-read.js';
import type { Tensor } from './tensor.js';

const MIB = 1 << 20;

describe('borrowBuffer', () => {
  it('gives out a buffer again only when it was given back', () => {
    const first = borrowBuffer(MIB);
    const second = borrowBuffer(MIB);
    expect(second).not.toBe(first);
    returnBuffer(first);
    expect(borrowBuffer(MIB / 2)).toBe(first);
    expect(borrowBuffer(MIB)).not.toBe(first);
  });

  it('is as large as asked for', () => {
    for (const size of [0, 1, 1_000, MIB / 16, MIB - 4, MIB, MIB + 4]) {
      expect(borrowBuffer(size).byteLength).toBeGreaterThanOrEqual(size);
    }
  });

  it('keeps neither small buffers nor large ones, and not many', () => {
    for (const size of [1_000, 2 * MIB]) {
      const buffer = borrowBuffer(size);
      returnBuffer(buffer);
      expect(borrowBuffer(size)).not.toBe(buffer);
    }
    const many = Array.from({ length: 20 }, () => borrowBuffer(MIB));
    for (const buffer of many) returnBuffer(buffer);
    const again = new Set(Array.from({ length: 20 }, () => borrowBuffer(MIB)));
    expect(many.filter((buffer) => again.has(buffer))).toHaveLength(4);
  });
});

/** A tensor whose elements are all `value`; each read takes a while and arrives a byte at a time. */
function slowTensor(value: number, elements: number): Tensor {
  const byte = new Uint8Array(Float32Array.of(value).buffer);
  const source: ByteSource = {
    sizeBytes: elements * 4,
    async readInto(target) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (let i = 0; i < target.length; i++) target[i] = byte[i % 4] ?? 0;
    },
  };
  const storage = { key: '0', dtype: 'float32', sizeBytes: elements * 4, source, offsetBytes: 0 } as const;
  return { storage, dtype: 'float32', offset: 0, shape: [elements], stride: [1] };
}

describe('readers that share buffers', () => {
  it('never see bytes of one another, though one stops early with a read under way', async () => {
    const read = async (value: number, stopAfter: number) => {
      let seen = 0;
      for await (const chunk of readFloat32Chunks(slowTensor(value, MIB))) {
        await new Promise((resolve) => setTimeout(resolve, 3));
        expect(chunk.every((element) => element === value)).toBe(true);
        seen++;
        if (seen === stopAfter) break;
      }
      return seen;
    };
    const seen = await Promise.all([read(1, 1), read(2, 4), read(3, 2).then(() => read(4, 4)), read(5, 3)]);
    expect(seen).toEqual([1, 4, 4, 3]);
  });
});
