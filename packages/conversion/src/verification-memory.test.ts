import { describe, expect, it } from 'vitest';
import { skippedForMemory } from './verification-memory.js';

const GIB = 2 ** 30;

describe('skippedForMemory', () => {
  it('says what was not done, and why, where memory is too small', () => {
    expect(skippedForMemory('full', 5 * GIB, 8 * GIB)).toEqual({
      level: 'none',
      requested: 'full',
      note: 'Not run, only its weights were compared: opening the model takes about 10.0 GiB of memory, and less was free.',
    });
  });

  it('lets a model pass for which there is room, or that is small', () => {
    expect(skippedForMemory('quick', 5 * GIB, 10 * GIB)).toBeUndefined();
    expect(skippedForMemory('quick', GIB / 10, 0)).toBeUndefined();
    expect(skippedForMemory('quick', 1000)).toBeUndefined();
  });
});
