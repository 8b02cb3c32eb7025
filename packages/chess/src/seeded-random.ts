/**
 * Returns a source of numbers from 0 to 1 (not included) that look random and depend only on the seed: a Weyl sequence of
 * 32 bits, each step mixed by multiplications ("mulberry32", by Tommy Ettinger, public domain). The period of 2^32 is 400
 * times the weights of a full-size network.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
