import type { StateDict, Tensor } from '@caissa/tensor';
import { changed, named, SMALL } from '@caissa/testing/networks';
import { zeros } from '@caissa/testing/tensors';
import { describe, expect, it } from 'vitest';
import { inferArchitecture } from './infer-architecture.js';
import { FULL_SIZE, initialStateDict } from './initial-state-dict.js';

const small = initialStateDict(SMALL, 1);

function prefixed(prefix: string): StateDict {
  return new Map([...small].map(([name, tensor]) => [prefix + name, tensor]));
}

function refusal(stateDict: StateDict): { code: string; message: string } {
  try {
    inferArchitecture(stateDict);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { code: String(error.code), message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('inferArchitecture', () => {
  it('finds every size of the small and of the full network, and counts parameters as PyTorch does', () => {
    expect(inferArchitecture(small).architecture).toEqual({ ...SMALL, parameters: 270_226 });
    const full = inferArchitecture(initialStateDict(FULL_SIZE, 1));
    expect(full.architecture).toEqual({ ...FULL_SIZE, parameters: 10_716_481 });
  });

  it.each([
    { channels: 1, blocks: 0, planes: 1, policyPlanes: 3, valuePlanes: 1, valueHidden: 1, policySize: 5 },
    { channels: 3, blocks: 12, planes: 20, policyPlanes: 2, valuePlanes: 5, valueHidden: 7, policySize: 64 },
  ])('finds $channels channels and $blocks blocks', (architecture) => {
    expect(inferArchitecture(initialStateDict(architecture, 1)).architecture).toMatchObject(architecture);
  });

  it.each(['', 'module.', 'net.', '_orig_mod.', 'module._orig_mod.net.', 'conv_input.weight.'])(
    'takes the prefix %j off',
    (prefix) => {
      const network = inferArchitecture(prefixed(prefix));
      expect(network.prefix).toBe(prefix);
      expect([...network.tensors.keys()]).toEqual([...small.keys()]);
    },
  );

  it("answers the tensors in PyTorch's order, whatever the file's", () => {
    const network = inferArchitecture(new Map([...small].reverse()));
    expect([...network.tensors]).toEqual([...small]);
    expect([...network.tensors.keys()].slice(4, 8)).toEqual([
      'bn_input.running_mean',
      'bn_input.running_var',
      'bn_input.num_batches_tracked',
      'res_blocks.0.conv1.weight',
    ]);
  });

  it('does without biases of convolutions and linear layers, and without counters', () => {
    const bare = new Map([...small].filter(([name]) => !/(?:conv|fc)\w*\.bias$|num_batches_tracked$/.test(name)));
    const network = inferArchitecture(bare);
    expect(network.tensors.size).toBe(small.size - 7 - 3 - 7);
    expect(network.architecture.parameters).toBe(270_226 - (5 * 8 + 1 + 2) - (4096 + 4 + 1));
  });

  it.each(['float16', 'bfloat16', 'float64'] as const)('takes %s weights', (dtype) => {
    const other = new Map([...small].map(([name, { shape }]) => [name, zeros(shape, dtype)]));
    expect(inferArchitecture(other).architecture).toMatchObject(SMALL);
  });

  it.each(['conv_input.weight', 'policy_conv.weight', 'policy_fc.weight', 'value_conv.weight', 'value_fc1.weight'])(
    'does not know a network without %s',
    (name) => {
      const { code, message } = refusal(changed(small, { [name]: undefined }));
      expect(code).toBe('ARCHITECTURE_UNKNOWN');
      expect(message).toContain(name);
    },
  );

  it('does not know an empty state dict, another network, or two networks at once', () => {
    expect(refusal(new Map()).code).toBe('ARCHITECTURE_UNKNOWN');
    expect(refusal(new Map([['fc.weight', zeros([10, 10])]])).code).toBe('ARCHITECTURE_UNKNOWN');
    expect(refusal(prefixed('my_')).code).toBe('ARCHITECTURE_UNKNOWN');
    const two = refusal(new Map([...prefixed('student.'), ...prefixed('teacher.')]));
    expect(two).toEqual({
      code: 'ARCHITECTURE_UNKNOWN',
      message: 'The state dict holds more than one network ("student." and "teacher."); save the state dict of one.',
    });
  });

  it.each(['bn_input.running_var', 'res_blocks.0.conv2.weight', 'res_blocks.1.bn2.bias', 'value_fc2.weight'])(
    'names %s when it is missing',
    (name) => {
      expect(refusal(changed(small, { [name]: undefined }))).toEqual({
        code: 'ARCHITECTURE_MISMATCH',
        message: `The checkpoint has no tensor ${name}, which this network needs.`,
      });
    },
  );

  it('names the block that is missing between two others', () => {
    const gap = new Map([...small].map(([name, tensor]) => [name.replace('res_blocks.1.', 'res_blocks.2.'), tensor]));
    expect(refusal(gap).message).toContain('res_blocks.1.conv1.weight');
  });

  it.each([
    ['', 'policy_fc.scale'],
    ['', 'res_blocks.0.conv3.weight'],
    ['', 'res_blocks.01.conv1.weight'],
    ['module.', 'conv_input.bias'],
    ['module.', 'module.extra'],
  ])('names a tensor too many (%j + %j)', (prefix, name) => {
    const { code, message } = refusal(new Map([...prefixed(prefix), [name, zeros([1])]]));
    expect(code).toBe('ARCHITECTURE_MISMATCH');
    expect(message).toContain(`"${name}"`);
  });

  it('shows a hostile name shortened and escaped', () => {
    const { message } = refusal(changed(small, { [`\u001b[31m${'x'.repeat(100_000)}`]: zeros([1]) }));
    expect(message.length).toBeLessThan(300);
    expect(message).not.toContain('\u001b');
  });

  it.each([
    ['conv_input.bias', [9], '[8]'],
    ['bn_input.running_mean', [8, 1], '[8]'],
    ['bn_input.num_batches_tracked', [1], '[]'],
    ['res_blocks.1.conv1.weight', [8, 8, 1, 1], '[8, 8, 3, 3]'],
    ['policy_conv.weight', [1, 9, 1, 1], '[1, 8, 1, 1]'],
    ['policy_fc.weight', [4096, 65], '[4096, 64]'],
    ['value_fc1.weight', [4, 64], '[4, 128]'],
    ['value_fc2.weight', [3, 4], '[1, 4]'],
    ['value_fc2.bias', [], '[1]'],
  ])('says which shape %s has and should have', (name, shape, expected) => {
    expect(refusal(changed(small, { [name]: zeros(shape) }))).toEqual({
      code: 'ARCHITECTURE_MISMATCH',
      message: `${name} has shape [${shape.join(', ')}], and ${expected} is expected.`,
    });
  });

  it.each(['int8', 'int64', 'complex64', 'bool'] as const)('refuses weights of %s', (dtype) => {
    const { code, message } = refusal(changed(small, { 'value_fc2.weight': zeros([1, 4], dtype) }));
    expect(code).toBe('ARCHITECTURE_MISMATCH');
    expect(message).toContain(`value_fc2.weight has dtype ${dtype}`);
  });

  it('believes no size that is absurd, before it makes lists of them', () => {
    const view: Tensor = { ...named(small, 'value_fc2.bias'), shape: [2 ** 31, 14, 3, 3], stride: [0, 0, 0, 0] };
    expect(refusal(changed(small, { 'conv_input.weight': view })).code).toBe('ARCHITECTURE_UNKNOWN');
    const many = changed(small, { 'res_blocks.1000.conv1.weight': zeros([8, 8, 3, 3]) });
    expect(refusal(many)).toMatchObject({ code: 'ARCHITECTURE_UNKNOWN', message: expect.stringContaining('1000') });
    const huge = changed(small, { [`res_blocks.${'9'.repeat(400)}.conv1.weight`]: zeros([8, 8, 3, 3]) });
    expect(refusal(huge).code).toBe('ARCHITECTURE_UNKNOWN');
    expect(refusal(changed(small, { 'conv_input.weight': zeros([8]) })).code).toBe('ARCHITECTURE_UNKNOWN');
    expect(refusal(changed(small, { 'conv_input.weight': zeros([0, 14, 3, 3]) })).code).toBe('ARCHITECTURE_UNKNOWN');
  });
});
