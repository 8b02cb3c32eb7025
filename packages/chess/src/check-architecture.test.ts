import { SMALL } from '@caissa/testing/networks';
import { describe, expect, it } from 'vitest';
import { checkDeclared, checkExpected, checkInterface } from './check-architecture.js';

const mismatch = (...words: readonly string[]) =>
  expect.objectContaining({
    name: 'FormatError',
    code: 'ARCHITECTURE_MISMATCH',
    message: expect.stringMatching(new RegExp(words.map((word) => word.replace(/[[\]]/g, '\\$&')).join('.*'))),
  });

describe('checkDeclared', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'AlphaZero'],
    ['a list', [8]],
    ['an empty object', {}],
    ['the right sizes', { num_channels: 8, num_res_blocks: 2, input_shape: [14, 8, 8], policy_size: 4096 }],
    ['the right sizes as texts', { num_channels: '8', num_res_blocks: ' 2 ', input_shape: ['14', 8, '8.0'] }],
    ['an input with a batch', { input_shape: [1, 14, 8, 8] }],
    ['keys that mean nothing to us', { dropout: 0.1, num_heads: 7, name: 'x' }],
    ['null for a size', { num_channels: null }],
    ['values that cannot be compared', { num_channels: { bytes: 8 }, policy_size: [{}] }],
    ['keys that every object has', { constructor: 1, ['__proto__']: 2 }],
  ])('says nothing of %s', (_, declared) => {
    expect(checkDeclared(SMALL, declared)).toEqual([]);
  });

  it.each([
    [{ num_channels: 128 }, 'num_channels 128', '8'],
    [{ num_res_blocks: 6 }, 'num_res_blocks 6', '2'],
    [{ num_channels: 8.5 }, 'num_channels 8.5', '8'],
    [{ num_channels: '16' }, 'num_channels "16"', '8'],
    [{ num_channels: '' }, 'num_channels ""', '8'],
    [{ num_channels: true }, 'num_channels true', '8'],
    [{ num_channels: [8, 8] }, 'num_channels [8, 8]', '8'],
    [{ input_shape: [12, 8, 8] }, 'input_shape [12, 8, 8]', '[14, 8, 8]'],
    [{ input_shape: [14, 8] }, 'input_shape [14, 8]', '[14, 8, 8]'],
    [{ input_shape: [2, 1, 14, 8, 8] }, 'input_shape [2, 1, 14, 8, 8]', '[14, 8, 8]'],
    [{ policy_size: 1858 }, 'policy_size 1858', '4096'],
  ])('says both values of %o', (declared, found, expected) => {
    expect(checkDeclared(SMALL, declared)).toEqual([
      `The checkpoint declares ${found}, but its weights have ${expected}.`,
    ]);
  });

  it('says every difference, cut', () => {
    const [channels = '', planes, ...others] = checkDeclared(SMALL, {
      num_channels: 'x'.repeat(100_000),
      input_shape: new Array(1000).fill(0),
    });
    expect(channels.length).toBeLessThan(250);
    expect(planes).toContain('[0, 0, 0, 0, 0, 0, 0, 0, …]');
    expect(others).toEqual([]);
  });
});

describe('checkInterface', () => {
  it('accepts 14 planes and 4096 moves only', () => {
    expect(() => checkInterface(SMALL)).not.toThrow();
    expect(() => checkInterface({ ...SMALL, planes: 18 })).toThrow(mismatch('18', '14'));
    expect(() => checkInterface({ ...SMALL, policySize: 1858 })).toThrow(mismatch('1858', '4096'));
  });
});

describe('checkExpected', () => {
  it('compares channels and blocks unless any will do', () => {
    expect(() => checkExpected(SMALL, { channels: 8, blocks: 2 })).not.toThrow();
    expect(() => checkExpected(SMALL, { channels: 'any', blocks: 'any' })).not.toThrow();
    expect(() => checkExpected(SMALL, { channels: 128, blocks: 'any' })).toThrow(mismatch('8 channels', '128'));
    expect(() => checkExpected(SMALL, { channels: 'any', blocks: 6 })).toThrow(mismatch('2 blocks', '6'));
  });
});
