import { expect, it } from 'vitest';
import { compareWithReference } from './reference.js';

const outputs = { policy: Float64Array.of(-1), value: Float64Array.of(0), valueScore: Float64Array.of(0) };
/** The first row is that of a position which is not compared. */
const found = { policy: Float32Array.of(-8, -2), value: Float32Array.of(1, 0) };

it.each([Number.NaN, Number.POSITIVE_INFINITY])('noise of %d is no reason to accept anything', async (policy) => {
  const reference = { outputs, measureNoise: async () => ({ policy, value: 0 }) };
  await expect(compareWithReference(reference, found)).rejects.toMatchObject({
    code: 'VERIFICATION_FAILED',
    message: expect.stringContaining('policy differs by 1'),
  });
});

it('noise without a bound in an output that agrees is no reason to refuse', async () => {
  const reference = { outputs, measureNoise: async () => ({ policy: 0.5, value: Number.POSITIVE_INFINITY }) };
  expect(await compareWithReference(reference, found)).toMatchObject({ max_abs_difference: { policy: 1, value: 0 } });
});
