import { describe, expect, it } from 'vitest';
import { changed, floats, named, SMALL, tensorOf, trainedStateDict, withElement } from '../test-support/networks.js';
import { inferArchitecture } from './infer-architecture.js';
import { checkFinite, checkVariances } from './read-weights.js';

const stateDict = trainedStateDict(SMALL, 1);

async function refusalWith(name: string, index: number, value: number): Promise<unknown> {
  const network = inferArchitecture(
    changed(stateDict, { [name]: await withElement(named(stateDict, name), index, value) }),
  );
  return checkFinite(network).then(
    () => 'accepted',
    (error: unknown) => error,
  );
}

describe('checkFinite', () => {
  it('accepts a trained network', async () => {
    await expect(checkFinite(inferArchitecture(stateDict))).resolves.toBeUndefined();
  });

  it.each([
    ['policy_fc.weight', 4095 * 64 + 63, Number.NaN, 'policy_fc.weight holds NaN at [4095, 63]'],
    ['res_blocks.1.conv2.weight', 8 * 9 + 9 + 3 + 2, Number.POSITIVE_INFINITY, 'holds Infinity at [1, 1, 1, 2]'],
    ['res_blocks.0.conv1.bias', 0, Number.NEGATIVE_INFINITY, 'res_blocks.0.conv1.bias holds -Infinity at [0]'],
    ['value_bn.running_var', 1, Number.NaN, 'value_bn.running_var holds NaN at [1]'],
    ['bn_input.running_var', 3, -2e-5, 'bn_input.running_var is -0.00001'],
    ['bn_input.running_var', 3, -1, 'bn_input.running_var is -1 at channel 3'],
  ])('names %s[%i] = %d', async (name, index, value, message) => {
    expect(await refusalWith(name, index, value)).toMatchObject({
      name: 'FormatError',
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining(message),
    });
  });

  it('accepts a variance of zero, and one that rounding left just below', async () => {
    expect(await refusalWith('bn_input.running_var', 0, 0)).toBe('accepted');
    expect(await refusalWith('bn_input.running_var', 0, -1e-8)).toBe('accepted');
  });

  it('names the place across pieces of a large tensor', async () => {
    const wide = { ...SMALL, policyPlanes: 8 };
    const weights = new Float32Array(4096 * 512);
    weights[4000 * 512 + 17] = Number.NaN;
    const network = inferArchitecture(
      changed(trainedStateDict(wide, 1), { 'policy_fc.weight': floats([4096, 512], weights) }),
    );
    await expect(checkFinite(network)).rejects.toThrow('policy_fc.weight holds NaN at [4000, 17]');
  });

  it('looks at what a view shows, not at the rest of its storage', async () => {
    const storage = Float32Array.from([Number.NaN, 1, 2, 3, 4, Number.NaN]);
    const whole = tensorOf([6], 'float32', new Uint8Array(storage.buffer));
    const view = { ...whole, shape: [1, 4], stride: [4, 1], offset: 1 };
    await checkFinite(inferArchitecture(changed(stateDict, { 'value_fc2.weight': view })));
    const shifted = inferArchitecture(changed(stateDict, { 'value_fc2.weight': { ...view, offset: 2 } }));
    await expect(checkFinite(shifted)).rejects.toThrow('value_fc2.weight holds NaN at [0, 3]');
  });

  it('refuses a float64 number that float32 cannot hold', async () => {
    const doubles = Float64Array.from([1, 1e300, 1, 1]);
    const wide = tensorOf([1, 4], 'float64', new Uint8Array(doubles.buffer));
    const network = inferArchitecture(changed(stateDict, { 'value_fc2.weight': wide }));
    await expect(checkFinite(network)).rejects.toMatchObject({ code: 'NON_FINITE_WEIGHTS' });
  });

  it('stops when the signal says so', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(checkFinite(inferArchitecture(stateDict), signal)).rejects.toThrow('cancelled');
  });
});

describe('checkVariances', () => {
  it('looks at variances only', async () => {
    const bias = await withElement(named(stateDict, 'policy_fc.bias'), 0, Number.NaN);
    await checkVariances(inferArchitecture(changed(stateDict, { 'policy_fc.bias': bias })));
    const variance = await withElement(named(stateDict, 'policy_bn.running_var'), 0, -2);
    const network = inferArchitecture(changed(stateDict, { 'policy_bn.running_var': variance }));
    await expect(checkVariances(network)).rejects.toThrow('policy_bn.running_var is -2 at channel 0');
  });
});
