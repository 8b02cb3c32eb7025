import { describe, expect, it } from 'vitest';
import { declaredEpsilon } from './declared-epsilon.js';

describe('declaredEpsilon', () => {
  it.each([
    [{ bn_eps: 1e-3 }],
    [{ batch_norm_eps: 1e-3 }],
    [{ 'batch-norm-eps': 1e-3 }],
    [{ norm_eps: '1e-3' }],
    [{ bnEpsilon: 1e-3 }],
    [{ config: { batchnorm: { epsilon: 1e-3, momentum: 0.1 } } }],
    [{ BatchNorm2d: { eps: 1e-3 }, eps: 1e-8, lr: 0.1 }],
    [{ optimizer: { eps: 1e-8 }, model: { bn1_kwargs: { eps: 1e-3 } } }],
    [{ norm: { eps: 1e-3 } }],
    [{ lr: 0.1, eps: 1e-8, betas: [0.9, 0.999], bn_eps: 1e-3 }],
    [{ a: { bn_eps: null }, batch_norm: { eps: 1e-8 }, model: { bn_eps: 1e-3 } }],
    [{ bn_eps: null, norm_eps: 1e-3 }],
  ])('takes that of %o', (architecture) => {
    expect(declaredEpsilon(architecture)).toEqual({ epsilon: 1e-3, warnings: [] });
  });

  it.each([
    [null],
    ['bn_eps'],
    [[{ bn_eps: 1e-3 }]],
    [{}],
    [{ epsilon: 0.1 }],
    [{ num_channels: 4, lr: 0.1, eps: 1e-8, betas: [0.9, 0.999] }],
    [{ training: { lr: 0.1, eps: 1e-8 } }],
    [{ model: { eps: 1e-8 } }],
    [{ adam: { eps: 1e-8 }, optimizer_args: { bn_eps: 1e-8 }, layer_norm: { eps: 1e-6 } }],
  ])('takes none of %o', (architecture) => {
    expect(declaredEpsilon(architecture)).toEqual({ epsilon: undefined, warnings: [] });
  });

  it('looks beside the architecture for names that can mean nothing else', () => {
    expect(declaredEpsilon(null, { config: { bn_eps: 1e-3 }, eps: 1e-8 }).epsilon).toBe(1e-3);
    expect(declaredEpsilon({ eps: 1e-8 }, { bn_eps: 1e-4 })).toEqual({ epsilon: 1e-4, warnings: [] });
    expect(declaredEpsilon(null, { config: { batch_norm: { eps: 1e-3 } } }).epsilon).toBe(1e-3);
    const others = [
      'vec_normalize',
      'obs_normalizer',
      'clip_grad_norm',
      'reward_norm',
      'bnb',
      'subnet',
      'norm',
      'args',
    ];
    const speakOfOthers = others.map((owner) => [owner, { eps: 1e-8, epsilon: 1e-8, norm_eps: 1e-8 }]);
    expect(declaredEpsilon({}, Object.fromEntries(speakOfOthers))).toEqual({ epsilon: undefined, warnings: [] });
  });

  it('takes a bare eps of the architecture, and says so', () => {
    expect(declaredEpsilon({ num_channels: 4, eps: 1e-3 })).toEqual({
      epsilon: 1e-3,
      warnings: ['The checkpoint declares "eps" 0.001 and no "bn_eps"; 0.001 was used for the batch norms.'],
    });
  });

  it.each([0, 1, -1e-5, Number.NaN, Number.POSITIVE_INFINITY, 'small', '', true, [1e-3]])(
    'ignores %o and says so',
    (value) => {
      const { epsilon, warnings } = declaredEpsilon({ bn_eps: value });
      expect(epsilon).toBeUndefined();
      expect(warnings).toEqual([
        expect.stringMatching(
          /^The checkpoint declares "bn_eps" .*, which cannot be a batch norm's epsilon and was ignored\.$/,
        ),
      ]);
    },
  );

  it('says both where there are two', () => {
    expect(declaredEpsilon({ bn_eps: 1e-3 }, { bn_epsilon: 1e-5 })).toEqual({
      epsilon: 1e-3,
      warnings: ['The checkpoint declares "bn_eps" 0.001 and "bn_epsilon" 0.00001; 0.001 was used.'],
    });
  });

  it('says little of many, and looks no deeper than people nest', () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, { bn_eps: 'x'.repeat(1000) }]));
    expect(declaredEpsilon(many).warnings.join().length).toBeLessThan(10_000);
    let deep: object = { bn_eps: 1e-3 };
    for (let depth = 0; depth < 100_000; depth++) deep = { deep };
    expect(declaredEpsilon(deep).epsilon).toBeUndefined();
  });
});
