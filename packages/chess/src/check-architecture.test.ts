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
    ['None', null],
    ['a text', 'AlphaZero'],
    ['an empty dict', new Map()],
    [
      'the right sizes',
      new Map([
        ['num_channels', 8],
        ['num_res_blocks', 2],
      ]),
    ],
    ['the right sizes as JSON', { num_channels: 8, num_res_blocks: 2, input_shape: [14, 8, 8], policy_size: 4096 }],
    ['big integers', { num_channels: 8n }],
    ["a reader's wrapped floats and tuples", { num_channels: { value: 8 }, input_shape: { items: [14, 8, 8] } }],
    ["a reader's sizes", { input_shape: { sizes: [14, 8, 8] } }],
    ['keys that mean nothing to us', { dropout: 0.1, num_heads: 7, name: 'x' }],
    ['None for a size', { num_channels: null }],
    ['values that cannot be compared', { num_channels: { bytes: new Uint8Array(8) }, policy_size: [{}] }],
  ])('accepts %s', (_, declared) => {
    expect(() => checkDeclared(SMALL, declared)).not.toThrow();
  });

  it.each([
    [new Map([['num_channels', 128]]), ['num_channels 128', '8']],
    [{ num_res_blocks: 6 }, ['num_res_blocks 6', '2']],
    [{ num_channels: 8.5 }, ['num_channels 8.5', '8']],
    [{ num_channels: { value: Number.NaN } }, ['num_channels NaN', '8']],
    [{ num_channels: '8' }, ['num_channels "8"', '8']],
    [{ num_channels: true }, ['num_channels true', '8']],
    [{ num_channels: 2n ** 70n }, ['num_channels', '8']],
    [{ num_channels: [8, 8] }, ['num_channels [8, 8]', '8']],
    [{ input_shape: [12, 8, 8] }, ['input_shape [12, 8, 8]', '[14, 8, 8]']],
    [{ input_shape: { items: [14, 8] } }, ['input_shape [14, 8]', '[14, 8, 8]']],
    [{ policy_size: 1858 }, ['policy_size 1858', '4096']],
  ])('refuses %o with both values', (declared, words) => {
    expect(() => checkDeclared(SMALL, declared)).toThrow(mismatch(...words));
  });

  it('survives a list that holds itself', () => {
    const list: unknown[] = [8];
    list.push(list);
    expect(() => checkDeclared(SMALL, { num_channels: list })).not.toThrow();
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
