import type { StateDict } from '@caissa/tensor';
import { changed, SMALL } from '@caissa/testing/networks';
import { zeros } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { inferArchitecture } from './infer-architecture.js';
import { initialStateDict } from './initial-state-dict.js';

const small = initialStateDict(SMALL, 1);

const one = zeros([1]);

const renamed = (rename: (name: string) => string): StateDict =>
  new Map([...small].map(([name, tensor]) => [rename(name), tensor]));

const prefixed = (prefix: string) => renamed((name) => prefix + name);

function beside(stateDict: StateDict, ...names: readonly string[]): StateDict {
  return changed(stateDict, Object.fromEntries(names.map((name) => [name, one])));
}

describe('the names of a network', () => {
  it.each([
    ['DataParallel', 'module.', (name: string) => `module.${name}`],
    ['a compiled block', '', (name: string) => name.replace('res_blocks.0.', 'res_blocks.0._orig_mod.')],
    [
      'FSDP and checkpointing',
      '_fsdp_wrapped_module.',
      (name: string) =>
        `_fsdp_wrapped_module.${name.replace('res_blocks.1.', 'res_blocks.1._checkpoint_wrapped_module.')}`,
    ],
    ['every layer wrapped', 'net.', (name: string) => `net.${name.replace(/\.(\w+)$/, '.module.$1')}`],
  ])('are those of %s', (_, prefix, rename) => {
    const network = inferArchitecture(renamed(rename));
    expect([...network.tensors]).toEqual([...small]);
    expect([...network.namesInFile]).toEqual([...small.keys()].map((name) => [name, rename(name)]));
    expect(network).toMatchObject({ prefix, leftOut: [] });
  });

  it.each([
    [prefixed('module.'), 'n_averaged'],
    [prefixed('model.'), 'criterion.pos_weight'],
    [prefixed('model.'), 'train_acc.total'],
    [small, 'total_ops'],
    [small, 'res_blocks.0.conv1.total_params'],
    [small, 'num_updates'],
    [small, 'loss_fn.weight'],
    [small, 'value_loss.pos_weight'],
    [small, 'val_accuracy.total'],
    [prefixed('module.'), 'module.total_ops'],
  ])('leave out what is not its own (%#: %s)', (stateDict, name) => {
    expect(inferArchitecture(beside(stateDict, name)).leftOut).toEqual([name]);
  });

  it.each([
    [small, 'scale'],
    [small, 'temperature'],
    [small, 'gloss.weight'],
    [small, 'loss'],
    [small, 'policy_fc.loss'],
    [small, 'decay'],
    [prefixed('model.'), 'model.gate.weight'],
    [prefixed('module.'), 'module.value_fc3.weight'],
  ])('refuse what may be its own (%#: %s)', (stateDict, name) => {
    expect(() => inferArchitecture(beside(stateDict, name))).toThrow(
      expect.objectContaining({
        code: 'ARCHITECTURE_MISMATCH',
        message: `The checkpoint holds a tensor "${name}", which has no place in this network.`,
      }),
    );
  });

  it('refuse two tensors for one place, and say which', () => {
    expect(() => inferArchitecture(beside(prefixed('module.'), 'conv_input.bias'))).toThrow(
      expect.objectContaining({
        code: 'ARCHITECTURE_MISMATCH',
        message:
          'Both "module.conv_input.bias" and "conv_input.bias" may be the network\'s conv_input.bias; ' +
          'save the state dict of one network.',
      }),
    );
  });

  it.each([
    [
      'a bias that the wrapped network has not',
      beside(changed(prefixed('module.'), { 'module.conv_input.bias': undefined }), 'conv_input.bias'),
    ],
    [
      'all but the first layer',
      beside(
        renamed((name) => (/^conv_input/.test(name) ? `module.${name}` : name)),
        'se.weight',
      ),
    ],
  ])('refuse what stands outside the wrapper of the network: %s', (_, stateDict) => {
    expect(() => inferArchitecture(stateDict)).toThrow(
      expect.objectContaining({
        code: 'ARCHITECTURE_MISMATCH',
        message: expect.stringMatching(
          /^"(conv_input.bias|bn_input.weight)" stands outside "module.", where the network is;/,
        ),
      }),
    );
  });

  it('say how much of the network is missing', () => {
    const half = new Map([...small].slice(0, small.size / 2));
    expect(() => inferArchitecture(half)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^The checkpoint lacks \d+ of the 38 tensors .* res_blocks/),
      }),
    );
    const folded = new Map([...small].filter(([name]) => !name.includes('bn')));
    expect(() => inferArchitecture(folded)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/no batch norm.*save the network as it was trained/) }),
    );
  });

  it.each([
    [['policy_fc.weight_orig', 'policy_fc.weight_mask'], 'torch.nn.utils.prune.remove'],
    [['policy_fc.weight_g', 'policy_fc.weight_v'], 'remove_weight_norm'],
    [['policy_fc.weight_orig', 'policy_fc.weight_u', 'policy_fc.weight_v'], 'remove_spectral_norm'],
    [['policy_fc.parametrizations.weight.original0'], 'parametrize.remove_parametrizations'],
    [['policy_fc._packed_params._packed_params', 'policy_fc.scale', 'policy_fc.zero_point'], 'quantised'],
    [['policy_fc.lora_A.weight', 'policy_fc.lora_B.weight', 'policy_fc.base_layer.weight'], 'merge_and_unload'],
    [['_fsdp_wrapped_module._flat_param'], 'FULL_STATE_DICT'],
  ])('say how %j become plain weights', (names, remedy) => {
    const expected = expect.objectContaining({ message: expect.stringContaining(remedy) });
    expect(() => inferArchitecture(beside(changed(small, { 'policy_fc.weight': undefined }), ...names))).toThrow(
      expected,
    );
    expect(() => inferArchitecture(beside(new Map(), ...names))).toThrow(expected);
  });

  it.each([
    ['conv_input.weight', [0], 'zero_to_fp32'],
    ['conv_input.weight', [1008], 'FULL_STATE_DICT'],
    ['value_fc2.weight', [4], 'FULL_STATE_DICT'],
    ['bn_input.weight', [0], 'is expected'],
  ])('say of what %s with shape %j is a part', (name, shape, remedy) => {
    expect(() => inferArchitecture(changed(small, { [name]: zeros(shape) }))).toThrow(
      expect.objectContaining({ message: expect.stringContaining(remedy) }),
    );
  });

  it('cost little, however many and long they are', () => {
    const many = new Map(Array.from({ length: 200_000 }, (_, i) => [`${'module.x.'.repeat(20)}${i}`, one] as const));
    const before = process.cpuUsage();
    expect(() => inferArchitecture(many)).toThrow(expect.objectContaining({ code: 'ARCHITECTURE_UNKNOWN' }));
    const { leftOut } = inferArchitecture(new Map([...prefixed('model.'), ...many]));
    expect(leftOut).toHaveLength(200_000);
    expect(() => inferArchitecture(new Map([...small, ...many]))).toThrow();
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(3);
  });
});
