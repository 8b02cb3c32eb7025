import { describe, expect, it } from 'vitest';
import { borrowBuffer, returnBuffer } from './chunk-buffers.js';

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
