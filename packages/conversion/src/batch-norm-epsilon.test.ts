import { inferArchitecture } from '@caissa/chess';
import type { Tensor } from '@caissa/tensor';
import { smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { undeclaredEpsilon, withEpsilon } from './batch-norm-epsilon.js';

const tensors = new Map([...smallStateDict('net.')].map(([name, tensor]) => [name as string, tensor as Tensor]));
const network = inferArchitecture(tensors);

const nothing = { declared: null, metadata: {} };

function epsilonOf(epsilons: Record<string, number>, declared = {}): number | undefined {
  const set = { path: '', rank: 0, tensors, native: undefined, epsilons: new Map(Object.entries(epsilons)) };
  return withEpsilon({ network, set }, { ...nothing, declared }).network.architecture.batchNormEpsilon;
}

describe('withEpsilon', () => {
  it('is what the modules have, whatever is declared and other modules have', () => {
    expect(epsilonOf({ 'net.bn_input': 1e-3, 'net.policy_bn': 1e-3, 'critic.bn': 1e-5 }, { bn_eps: 1e-4 })).toBe(1e-3);
    expect(epsilonOf({ 'critic.bn': 1e-5 }, { bn_eps: 1e-4 })).toBe(1e-4);
    expect(epsilonOf({})).toBeUndefined();
  });

  it('refuses modules that have several', () => {
    expect(() => epsilonOf({ 'net.bn_input': 1e-3, 'net.policy_bn': 1e-5 })).toThrow(
      expect.objectContaining({ code: 'ARCHITECTURE_MISMATCH', message: expect.stringContaining('0.001 and 0.00001') }),
    );
  });
});

describe('undeclaredEpsilon', () => {
  const { architecture } = network;

  it.each([
    [undefined, {}, undefined],
    [1e-5, {}, undefined],
    [1e-3, {}, 1e-3],
    [1e-3, { bn_eps: 1e-3 }, undefined],
    [1e-3, { bn_eps: 1e-4 }, 1e-3],
    [1e-5, { bn_eps: 1e-4 }, 1e-5],
  ])('is of %s with %j declared %s', (batchNormEpsilon, declared, expected) => {
    const found = batchNormEpsilon === undefined ? architecture : { ...architecture, batchNormEpsilon };
    expect(undeclaredEpsilon(found, { declared, metadata: {} })).toBe(expected);
  });
});
