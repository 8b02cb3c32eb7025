import { describe, expect, it } from 'vitest';
import { checkJsonBounds, type JsonBounds } from './json-bounds.js';

const check = (text: string, bounds: Partial<JsonBounds> = {}) =>
  checkJsonBounds(Buffer.from(text), { depth: 4, values: 8, ...bounds });

describe('JSON is refused before it is parsed', () => {
  it.each<[string, string, string, Partial<JsonBounds>?]>([
    ['values in a list', '[1,2,3,4,5,6,7,8,9]', 'more than 8 values'],
    ['empty arrays', '[[],[],[],[],[]]', 'more than 8 values'],
    ['members', `{${Array.from('abcdefghi', (name) => `"${name}":0`)}}`, 'more than 8 values'],
    ['arrays in each other', '[[[[[', 'deeper than 4'],
    ['objects in each other', '{"a":{"a":{"a":{"a":{"a":1}}}}}', 'deeper than 4'],
    ['much text', '["abcdef"]', 'more than 7 bytes of text', { textBytes: 7 }],
    ['long names', '{"abcdef":1}', 'more than 7 bytes of text', { textBytes: 7 }],
    ['many empty texts', '["","","",""]', 'more than 7 bytes of text', { textBytes: 7 }],
  ])('for %s', (_, text, words, bounds = {}) => {
    expect(() => check(text, bounds)).toThrow(words);
  });

  it.each([
    '[[1,2],[3,4]]',
    '{"a":"[[[[[[[[[{{{{{,,,,,,,,,,,,"}',
    '["\\"[[[[[[","\\\\",[]]',
    '["\\\\\\"[[[[[["]',
    '"never ends',
    '"\\',
    '',
    ']]]]]]',
  ])('but not %s', (text) => {
    expect(() => check(text)).not.toThrow();
  });

  it('without a long look at what is long', () => {
    const long = Buffer.from(`["${'\\'.repeat(8 << 20)}",${' '.repeat(8 << 20)}"${'"'.repeat(1 << 20)}]`);
    const startedMs = performance.now();
    checkJsonBounds(long, { depth: 4, values: 8 });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
