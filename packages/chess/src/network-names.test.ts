import { SMALL } from '@caissa/testing/networks';
import { describe, expect, it } from 'vitest';
import { initialStateDict } from './initial-state-dict.js';
import { findNetworks, modulePath, plainName, splitNetworks } from './network-names.js';

const small = initialStateDict(SMALL, 1);

const prefixed = (prefix: string) => [...small].map(([name, tensor]) => [prefix + name, tensor] as const);

describe('plainName', () => {
  it.each([
    ['conv_input.weight', 'conv_input.weight'],
    ['module.conv_input.weight', 'conv_input.weight'],
    ['module.module._orig_mod.conv_input.weight', 'conv_input.weight'],
    ['_fsdp_wrapped_module.res_blocks.0._checkpoint_wrapped_module.conv1.weight', 'res_blocks.0.conv1.weight'],
    ['_fsdp_wrapped_module._fpw_module.res_blocks.0.conv1.weight', 'res_blocks.0.conv1.weight'],
    ['_forward_module.net._module.value_fc1.bias', 'net.value_fc1.bias'],
    ['res_blocks.1._orig_mod.bn2.running_var', 'res_blocks.1.bn2.running_var'],
    ['my_module.conv_input.weight', 'my_module.conv_input.weight'],
    ['conv_input.module', 'conv_input.module'],
    ['modules.conv_input.weight', 'modules.conv_input.weight'],
  ])('makes of %s %s', (name, expected) => {
    expect(plainName(name)).toBe(expected);
  });
});

describe('modulePath', () => {
  it.each([
    ['', '', ''],
    ['conv_input', '', 'conv_input'],
    ['module', 'module.', ''],
    ['', 'module.', undefined],
    ['module.res_blocks.0._checkpoint_wrapped_module.conv1', 'module.', 'res_blocks.0.conv1'],
    ['modules', 'module.', undefined],
  ])('finds the place of %j behind %j', (path, prefix, expected) => {
    expect(modulePath(path, prefix)).toBe(expected);
  });
});

describe('findNetworks', () => {
  it('tells the prefix with and without wrappers', () => {
    const names = ['n_averaged', 'module.net._orig_mod.conv_input._fsdp_wrapped_module.weight', 'my_conv_input.weight'];
    expect(findNetworks(names)).toEqual([{ prefix: 'net.', prefixInFile: 'module.net._orig_mod.' }]);
  });

  it('looks for no more networks than training keeps', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `n${i}.conv_input.weight`);
    expect(findNetworks(names)).toHaveLength(64);
  });
});

describe('splitNetworks', () => {
  it('finds none, one, or each with what is nobody else’s', () => {
    expect([...splitNetworks(new Map())]).toEqual([]);
    expect([...splitNetworks(small).keys()]).toEqual(['']);
    const extra = [...small][0]?.[1];
    const both = new Map([...prefixed(''), ...prefixed('ema.'), ...(extra ? ([['lr', extra]] as const) : [])]);
    const parts = splitNetworks(both);
    expect([...parts.keys()]).toEqual(['', 'ema.']);
    expect([...(parts.get('') ?? []).keys()].at(-1)).toBe('lr');
    expect([...(parts.get('ema.')?.keys() ?? [])]).toEqual(prefixed('ema.').map(([name]) => name));
  });
});
