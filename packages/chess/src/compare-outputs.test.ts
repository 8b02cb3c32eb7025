import { describe, expect, it } from 'vitest';
import { compareOutputs } from './compare-outputs.js';

const reference = {
  policy: Float64Array.of(-8, -400, 0),
  value: Float64Array.of(0.5),
  valueScore: Float64Array.of(Math.atanh(0.5)),
};
const found = (policy: number[], value = [0.5]) => ({
  policy: Float32Array.from(policy),
  value: Float32Array.from(value),
});

describe('compareOutputs', () => {
  it('gives the largest difference of each output', () => {
    const { difference, exceeding } = compareOutputs(found([-8, -400.5, 0], [-0.25]), reference);
    expect(difference).toEqual({ policy: 0.5, value: 0.75 });
    expect(exceeding).toEqual(['policy', 'value']);
  });

  it('allows of every number what its size makes of rounding', () => {
    expect(compareOutputs(found([-8.00005, -400.003, 9e-6]), reference).exceeding).toEqual([]);
    expect(compareOutputs(found([-8, -400.005, 0]), reference).exceeding).toEqual(['policy']);
    expect(compareOutputs(found([-8, -400, 2e-5]), reference).exceeding).toEqual(['policy']);
  });

  it('allows 32 times the noise of an output where that is more', () => {
    const outputs = found([-8, -400, 1.5], [0.51]);
    expect(compareOutputs(outputs, reference, { policy: 0.05, value: 0 }).exceeding).toEqual(['value']);
    expect(compareOutputs(outputs, reference, { policy: 0.04, value: 0.01 }).exceeding).toEqual(['policy']);
  });

  it('allows of a value what the noise of its score makes of it, which is little near 1', () => {
    const certain = { policy: new Float64Array(0), value: Float64Array.of(-1), valueScore: Float64Array.of(-1e6) };
    const noise = { policy: 0, value: 0.5 };
    const exceeding = (value: number) => compareOutputs(found([], [value]), certain, noise).exceeding;
    expect(exceeding(-1)).toEqual([]);
    for (const value of [-0.999, 1]) expect(exceeding(value)).toEqual(['value']);
  });

  it('compares no more rows than there are of the reference', () => {
    expect(compareOutputs(found([-8, -400, 0, 77], [0.5, 77]), reference).exceeding).toEqual([]);
  });

  it('never takes for small what cannot be compared', () => {
    for (const outputs of [found([-8, -400]), found([-8, Number.NaN, 0])]) {
      expect(compareOutputs(outputs, reference)).toEqual({
        difference: { policy: Number.NaN, value: 0 },
        exceeding: ['policy'],
      });
    }
  });
});
