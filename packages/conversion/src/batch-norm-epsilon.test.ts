import { inferArchitecture } from '@caissa/chess';
import { fromJson, type PyDict } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { declareEpsilon, withEpsilon } from './batch-norm-epsilon.js';

const tensors = new Map([...smallStateDict('net.')].map(([name, tensor]) => [name as string, tensor as Tensor]));
const network = inferArchitecture(tensors);

/** @param epsilons of modules that stand somewhere, by name of their `running_var` */
function epsilonOf(epsilons: Record<string, number>, declared?: number): number | undefined {
  const stateDict = { path: 'a', rank: 0, tensors, native: undefined };
  const module = { ...stateDict, path: 'b', epsilons: new Map(Object.entries(epsilons)) };
  const contents = { weights: [stateDict, module], declared: { bn_eps: declared ?? null }, metadata: {} };
  return withEpsilon(network, contents).network.architecture.batchNormEpsilon;
}

const mismatch = (text: string) =>
  expect.objectContaining({ code: 'ARCHITECTURE_MISMATCH', message: expect.stringContaining(text) });

describe('withEpsilon', () => {
  it('is what modules have that hold the same tensors, whatever is declared and other modules have', () => {
    const own = { 'net.bn_input.running_var': 1e-3, 'net.policy_bn.running_var': 1e-3 };
    expect(epsilonOf({ ...own, 'critic.bn.running_var': 1e-5 }, 1e-4)).toBe(1e-3);
    expect(epsilonOf({ 'critic.bn.running_var': 1e-5 }, 1e-4)).toBe(1e-4);
    expect(epsilonOf({})).toBeUndefined();
  });

  it('refuses modules that have several, or what no batch norm has', () => {
    const several = { 'net.bn_input.running_var': 1e-3, 'net.policy_bn.running_var': 1e-5 };
    expect(() => epsilonOf(several)).toThrow(mismatch('0.001 and 0.00001'));
    expect(() => epsilonOf({ 'net.bn_input.running_var': 0 })).toThrow(mismatch('the epsilon 0,'));
    expect(() => epsilonOf({ 'net.bn_input.running_var': Number.NaN })).toThrow(mismatch('the epsilon NaN,'));
  });
});

it('refuses a network whose modules compute something else', () => {
  const deviations = new Map([['net.conv_input.weight', 'is of a convolution with groups 2, and 1 is expected']]);
  const weights = [{ path: '', rank: 0, tensors, native: undefined, deviations }];
  expect(() => withEpsilon(network, { weights, declared: null, metadata: {} })).toThrow(
    mismatch('"net.conv_input.weight" is of a convolution with groups 2, and 1 is expected, so'),
  );
});

describe('declareEpsilon', () => {
  const { architecture } = network;
  const dict = (entries: object) => fromJson(entries as never) as PyDict;

  it.each([
    [undefined, {}, {}, false],
    [1e-5, {}, {}, false],
    [1e-3, {}, {}, true],
    [1e-3, { bn_eps: 1e-3 }, {}, false],
    [1e-3, { batch_norm_eps: 1e-4, bn_eps: 1e-4 }, {}, true],
    [1e-5, { bn_eps: 1e-4 }, {}, true],
    [1e-3, { eps: 1e-8, num_channels: 4 }, {}, true],
    [1e-3, { a: { batch_norm: { eps: 1e-8 } } }, { bn_eps: 1e-4 }, true],
    [1e-3, {}, { history: Array.from({ length: 10_000 }, (_, i) => i), bn_eps: 1e-3 }, false],
    [undefined, {}, { bn_eps: 0.1 }, true],
  ])('makes a file be read with %s that declares %j and %j', (batchNormEpsilon, declared, metadata, isAdded) => {
    const found = batchNormEpsilon === undefined ? architecture : { ...architecture, batchNormEpsilon };
    const entry = declareEpsilon(dict(declared), dict(metadata), found);
    const [first] = [...entry.keys()];
    expect(first === 'bn_eps' && entry.size >= Object.keys(declared).length && isAdded).toBe(isAdded);
    const again = declareEpsilon(entry, dict(metadata), found);
    expect(again).toBe(entry);
  });
});
