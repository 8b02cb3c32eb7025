import { describe, expect, it } from 'vitest';
import { checkOutputs } from './check-outputs.js';

const uniform = () => new Float32Array(2 * 4096).fill(-Math.log(4096));
const value = () => Float32Array.from([0.5, -1]);

describe('checkOutputs', () => {
  it('accepts log-probabilities and values up to 1', () => {
    const report = checkOutputs({ policy: uniform(), value: value() }, 2);
    expect(report).toMatchObject({ ok: true, problems: [], maxAbsValue: 1 });
    expect(report.probabilitySumError).toBeLessThan(1e-6);
  });

  it('accepts a policy that is certain of one move', () => {
    const policy = new Float32Array(4096).fill(-1000);
    policy[17] = 0;
    expect(checkOutputs({ policy, value: Float32Array.of(0) }, 1).ok).toBe(true);
  });

  it('refuses probabilities in place of logarithms, raw scores, and an axis that is wrong', () => {
    const softmax = new Float32Array(2 * 4096).fill(1 / 4096);
    const scores = new Float32Array(2 * 4096).fill(-8);
    // Normalised over both positions together.
    const together = new Float32Array(2 * 4096).fill(-Math.log(8192));
    for (const policy of [softmax, scores, together]) {
      const report = checkOutputs({ policy, value: value() }, 2);
      expect(report.ok).toBe(false);
      expect(report.problems.join()).toContain('summing to 1');
    }
  });

  it('looks at every position, the last one too', () => {
    const policy = uniform();
    policy[2 * 4096 - 1] = 0;
    expect(checkOutputs({ policy, value: value() }, 2).probabilitySumError).toBeCloseTo(1, 2);
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])('refuses %d in either output', (bad) => {
    const policy = uniform();
    policy[5000] = bad;
    expect(checkOutputs({ policy, value: value() }, 2).problems).toContain(
      'The policy holds a number that is not finite.',
    );
    const values = Float32Array.of(0, bad);
    expect(checkOutputs({ policy: uniform(), value: values }, 2).problems).toContain(
      'The value holds a number that is not finite.',
    );
  });

  it('accepts what rounding leaves of a certain outcome', () => {
    const value = Float32Array.of(1.0000002, -1.0000002);
    expect(checkOutputs({ policy: uniform(), value }, 2)).toMatchObject({ ok: true, problems: [] });
    expect(checkOutputs({ policy: uniform(), value: Float32Array.of(0, 1.0001) }, 2).ok).toBe(false);
  });

  it('accepts probabilities that are differences of scores so large that float32 rounds them to whole numbers', () => {
    const policy = new Float32Array(4096).fill(-2e7);
    policy[17] = -0.5;
    expect(checkOutputs({ policy, value: Float32Array.of(0) }, 1).ok).toBe(true);
  });

  it('refuses values beyond 1 and wrong sizes', () => {
    const large = checkOutputs({ policy: uniform(), value: Float32Array.of(0, -1.5) }, 2);
    expect(large).toMatchObject({ ok: false, maxAbsValue: 1.5 });
    const sizes = checkOutputs({ policy: uniform(), value: value() }, 3);
    expect(sizes).toMatchObject({ ok: false, maxAbsValue: Number.NaN, probabilitySumError: Number.NaN });
    expect(sizes.problems).toEqual([
      'The policy has 8192 numbers instead of 12288.',
      'The value has 2 numbers instead of 3.',
    ]);
    expect(checkOutputs({ policy: new Float32Array(0), value: new Float32Array(0) }, 1).ok).toBe(false);
  });
});
