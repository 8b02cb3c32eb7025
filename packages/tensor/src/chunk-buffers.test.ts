import { setImmediate } from 'node:timers/promises';
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

/** A tensor of four chunks whose elements are all `value`; `before` is awaited ahead of each read, from 0 on. */
function tensorOf(value: number, before: (read: number) => Promise<void>): Tensor {
  const pattern = new Uint8Array(Float32Array.of(value).buffer);
  let reads = 0;
  const source: ByteSource = {
    sizeBytes: 4 * MIB,
    async readInto(target) {
      await before(reads++);
      for (let i = 0; i < target.length; i++) target[i] = pattern[i % 4] ?? 0;
    },
  };
  const storage = { key: '0', dtype: 'float32', sizeBytes: 4 * MIB, source, offsetBytes: 0 } as const;
  return { storage, dtype: 'float32', offset: 0, shape: [MIB], stride: [1] };
}

describe('a reader that is left early', () => {
  it('gives nobody the buffer that its last read still goes into', async () => {
    let finishRead = (): void => undefined;
    const lastRead = new Promise<void>((resolve) => {
      finishRead = resolve;
    });
    const leave = async () => {
      for await (const _ of readFloat32Chunks(tensorOf(1, (read) => (read === 1 ? lastRead : Promise.resolve()))))
        break;
    };
    const left = leave();
    await setImmediate();
    let chunks = 0;
    for await (const chunk of readFloat32Chunks(tensorOf(2, () => Promise.resolve()))) {
      finishRead();
      await setImmediate();
      expect(chunk.every((element) => element === 2)).toBe(true);
      chunks++;
    }
    expect(chunks).toBe(4);
    await left;
  });
});
