import { describe, expect, it } from 'vitest';
import { chooseWait, parseIdempotencyKey } from './prefer.js';

describe('chooseWait', () => {
  it.each([
    [undefined, undefined, 0, { seconds: 0, asked: false }],
    [undefined, undefined, 7, { seconds: 7, asked: false }],
    [undefined, 'wait=10', 0, { seconds: 10, asked: true }],
    [undefined, 'WAIT="10"; a=b', 0, { seconds: 10, asked: true }],
    [undefined, 'respond-async, wait=10', 5, { seconds: 10, asked: true }],
    [undefined, 'respond-async', 5, { seconds: 0, asked: true }],
    [undefined, 'wait=0', 5, { seconds: 0, asked: true }],
    [undefined, 'wait=900', 0, { seconds: 55, asked: true }],
    [60, undefined, 0, { seconds: 55, asked: true }],
    [undefined, 'wait=3, wait=9', 0, { seconds: 3, asked: true }],
    // What cannot be understood is ignored, RFC 7240 section 2.
    [undefined, 'wait=soon, return=minimal', 5, { seconds: 5, asked: false }],
    [undefined, ',,=,', 5, { seconds: 5, asked: false }],
    [2, 'wait=10', 5, { seconds: 2, asked: true }],
    [0, 'wait=10', 5, { seconds: 0, asked: true }],
  ])('query %s, Prefer %s, default %i', (query, prefer, fallback, wait) => {
    expect(chooseWait(query, prefer, fallback)).toEqual(wait);
  });
});

describe('parseIdempotencyKey', () => {
  it('takes 1 to 255 visible characters', () => {
    expect(parseIdempotencyKey(undefined)).toBeUndefined();
    expect(parseIdempotencyKey('a-1')).toBe('a-1');
    expect(parseIdempotencyKey('k'.repeat(255))).toHaveLength(255);
  });

  it.each(['', 'a b', 'ä', 'k'.repeat(256)])('refuses %j', (key) => {
    expect(() => parseIdempotencyKey(key)).toThrow(expect.objectContaining({ code: 'INVALID_PARAMETER' }));
  });
});
