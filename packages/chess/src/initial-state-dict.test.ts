import { readFloat32 } from '@caissa/tensor';
import { named, SMALL } from '@caissa/testing/networks';
import { describe, expect, it } from 'vitest';
import { initialStateDict } from './initial-state-dict.js';

describe('initialStateDict', () => {
  it('gives the same numbers for the same seed and others for another', async () => {
    const weight = (seed: number) => readFloat32(named(initialStateDict(SMALL, seed), 'conv_input.weight'));
    expect(await weight(7)).toEqual(await weight(7));
    expect(await weight(7)).not.toEqual(await weight(8));
  });

  it.each([
    ['res_blocks.0.conv1.weight', 8 * 9],
    ['policy_fc.weight', 64],
    ['policy_fc.bias', 64],
    ['value_fc1.weight', 128],
  ])('draws %s uniformly from ±1/√%i', async (name, fanIn) => {
    const values = await readFloat32(named(initialStateDict(SMALL, 3), name));
    const bound = 1 / Math.sqrt(fanIn);
    const squares = values.reduce((sum, value) => sum + value * value, 0);
    expect(Math.max(...values.map(Math.abs).slice(0, 10_000))).toBeLessThanOrEqual(Math.fround(bound));
    // A uniform distribution of ±b has the variance b²/3.
    expect(squares / values.length / (bound ** 2 / 3)).toBeGreaterThan(0.85);
    expect(squares / values.length / (bound ** 2 / 3)).toBeLessThan(1.15);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(bound / 5);
  });

  it('starts batch norms as the identity', async () => {
    const stateDict = initialStateDict(SMALL, 3);
    const values = (name: string) => readFloat32(named(stateDict, `res_blocks.1.bn2.${name}`)).then((all) => [...all]);
    expect(await values('weight')).toEqual(new Array(8).fill(1));
    expect(await values('running_var')).toEqual(new Array(8).fill(1));
    expect(await values('bias')).toEqual(new Array(8).fill(0));
    expect(await values('running_mean')).toEqual(new Array(8).fill(0));
    const count = named(stateDict, 'res_blocks.1.bn2.num_batches_tracked');
    expect([count.dtype, count.shape, count.storage.sizeBytes]).toEqual(['int64', [], 8]);
  });

  it('gives every tensor a storage of its own', () => {
    const stateDict = initialStateDict(SMALL, 3);
    expect(new Set([...stateDict.values()].map(({ storage }) => storage.key)).size).toBe(stateDict.size);
  });
});
