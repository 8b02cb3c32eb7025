import type { DType } from './dtype.js';

/**
 * How NaN and infinity show in 32-bit words of a dtype: all exponent bits are set, so adding the exponent's lowest bit
 * to the number without its sign carries into the sign's place.
 */
interface ExponentTest {
  readonly withoutSigns: number;
  readonly lowestExponentBits: number;
  readonly signs: number;
  /** The word of an element that holds its exponent, and the words an element takes; halves count as one. */
  readonly firstWord: number;
  readonly wordStep: number;
  readonly elementsPerWord: 1 | 2;
}

const SINGLE = { withoutSigns: 0x7fff_ffff, signs: 0x8000_0000, elementsPerWord: 1 } as const;
const PAIR = { withoutSigns: 0x7fff_7fff, signs: 0x8000_8000, elementsPerWord: 2, firstWord: 0, wordStep: 1 } as const;

const EXPONENT_TESTS: { readonly [dtype in DType]?: ExponentTest } = {
  float32: { ...SINGLE, lowestExponentBits: 0x0080_0000, firstWord: 0, wordStep: 1 },
  float64: { ...SINGLE, lowestExponentBits: 0x0010_0000, firstWord: 1, wordStep: 2 },
  float16: { ...PAIR, lowestExponentBits: 0x0400_0400 },
  bfloat16: { ...PAIR, lowestExponentBits: 0x0080_0080 },
};

/**
 * Index of the first element that is NaN or infinite, or −1. For raw bytes, whole elements of a dtype, on their way
 * from file to file; a dtype that has no NaN or is not real gives −1.
 */
export function findNonFinite(bytes: Uint8Array, dtype: DType): number {
  const test = EXPONENT_TESTS[dtype];
  if (test === undefined) return -1;
  const words = wordsOf(bytes);
  if (!hasNonFinite(words, test)) return -1;
  return firstNonFinite(words, test);
}

/** The bytes as 32-bit words, copied only where they do not lie on a word's boundary or end in half a word. */
function wordsOf(bytes: Uint8Array): Int32Array {
  if (bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0) {
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  }
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return new Int32Array(padded.buffer);
}

function hasNonFinite(words: Int32Array, test: ExponentTest): boolean {
  const carried = test.wordStep === 1 ? carriesOfAll(words, test) : carriesOfSome(words, test);
  return (carried & test.signs) !== 0;
}

/** Eight words a turn, side by side: this runs over every weight of every export, and takes two thirds of the time so. */
function carriesOfAll(words: Int32Array, { withoutSigns: mask, lowestExponentBits: lowest }: ExponentTest): number {
  let carried = 0;
  let i = 0;
  for (const end = words.length - 7; i < end; i += 8) {
    carried |=
      (((words[i] ?? 0) & mask) + lowest) |
      (((words[i + 1] ?? 0) & mask) + lowest) |
      (((words[i + 2] ?? 0) & mask) + lowest) |
      (((words[i + 3] ?? 0) & mask) + lowest) |
      (((words[i + 4] ?? 0) & mask) + lowest) |
      (((words[i + 5] ?? 0) & mask) + lowest) |
      (((words[i + 6] ?? 0) & mask) + lowest) |
      (((words[i + 7] ?? 0) & mask) + lowest);
  }
  for (; i < words.length; i++) carried |= ((words[i] ?? 0) & mask) + lowest;
  return carried;
}

function carriesOfSome(words: Int32Array, test: ExponentTest): number {
  const { withoutSigns: mask, lowestExponentBits: lowest, firstWord, wordStep } = test;
  let carried = 0;
  for (let i = firstWord; i < words.length; i += wordStep) carried |= ((words[i] ?? 0) & mask) + lowest;
  return carried;
}

function firstNonFinite(words: Int32Array, test: ExponentTest): number {
  const { withoutSigns, lowestExponentBits, signs, firstWord, wordStep, elementsPerWord } = test;
  for (let i = firstWord; i < words.length; i += wordStep) {
    const carried = (((words[i] ?? 0) & withoutSigns) + lowestExponentBits) & signs;
    if (carried === 0) continue;
    const inLowHalf = (carried & 0x8000) !== 0;
    return ((i - firstWord) / wordStep) * elementsPerWord + (elementsPerWord === 2 && !inLowHalf ? 1 : 0);
  }
  return -1;
}
