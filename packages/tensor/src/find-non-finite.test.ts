import { describe, expect, it } from 'vitest';
import type { DType } from './dtype.js';
import { findNonFinite } from './find-non-finite.js';

/** Largest finite number, smallest, zero with and without sign; then infinities and NaNs; as little-endian words. */
const PATTERNS = {
  float32: {
    wordBytes: 4,
    finite: [0x7f7fffff, 0xff7fffff, 1, 0, 0x80000000],
    bad: [0x7f800000, 0xff800000, 0x7fc00000, 0xff800001],
  },
  float16: { wordBytes: 2, finite: [0x7bff, 0xfbff, 1, 0, 0x8000], bad: [0x7c00, 0xfc00, 0x7e00, 0xfc01] },
  bfloat16: { wordBytes: 2, finite: [0x7f7f, 0xff7f, 1, 0, 0x8000], bad: [0x7f80, 0xff80, 0x7fc0, 0xff81] },
} as const;

function bytesOf(words: readonly number[], wordBytes: 2 | 4): Uint8Array {
  const typed = wordBytes === 2 ? Uint16Array.from(words) : Uint32Array.from(words);
  return new Uint8Array(typed.buffer);
}

describe('findNonFinite', () => {
  for (const [dtype, { wordBytes, finite, bad }] of Object.entries(PATTERNS)) {
    it(`finds each NaN and infinity of ${dtype} at each place, and nothing else`, () => {
      for (let length = 1; length <= 20; length++) {
        const words = Array.from({ length }, (_, i): number => finite[i % finite.length] ?? 0);
        expect(findNonFinite(bytesOf(words, wordBytes), dtype as DType)).toBe(-1);
        for (let at = 0; at < length; at++) {
          for (const word of bad) {
            const found = findNonFinite(bytesOf(words.with(at, word), wordBytes), dtype as DType);
            expect(found, `${word.toString(16)} at ${at} of ${length}`).toBe(at);
          }
        }
      }
    });
  }

  it('finds each NaN and infinity of float64 at each place, and nothing else', () => {
    const finite = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -0, 1e-308, 2 ** -1000 + 1];
    for (let length = 1; length <= 11; length++) {
      const numbers = Array.from({ length }, (_, i) => finite[i % finite.length] ?? 0);
      expect(findNonFinite(new Uint8Array(Float64Array.from(numbers).buffer), 'float64')).toBe(-1);
      for (let at = 0; at < length; at++) {
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const bytes = new Uint8Array(Float64Array.from(numbers.with(at, bad)).buffer);
          expect(findNonFinite(bytes, 'float64')).toBe(at);
        }
      }
    }
  });

  it('answers the first of several', () => {
    const numbers = new Float32Array(1000).fill(1).fill(Number.NaN, 300);
    expect(findNonFinite(new Uint8Array(numbers.buffer), 'float32')).toBe(300);
  });

  it('reads bytes that do not start on a word boundary', () => {
    const numbers = Float32Array.from([1, 2, Number.NaN, 4]);
    for (let shift = 0; shift < 4; shift++) {
      const buffer = new Uint8Array(numbers.byteLength + shift);
      buffer.set(new Uint8Array(numbers.buffer), shift);
      expect(findNonFinite(buffer.subarray(shift), 'float32')).toBe(2);
    }
  });

  it('looks at real dtypes only', () => {
    expect(findNonFinite(new Uint8Array(64).fill(0xff), 'int64')).toBe(-1);
    expect(findNonFinite(new Uint8Array(0), 'float32')).toBe(-1);
  });
});
