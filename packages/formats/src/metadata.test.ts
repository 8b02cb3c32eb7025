import { expect, it } from 'vitest';
import { parseMetadataValue, roundedInteger } from './metadata.js';

it.each([
  ['0.75', 0.75],
  [' 12 ', 12],
  ['-3', -3],
  ['true', true],
  ['null', null],
  ['[1, 2]', [1, 2]],
  ['{"a": 1}', { a: 1 }],
  ['"12"', '12'],
  ['', ''],
  ['deployment', 'deployment'],
  ['1.2.3', '1.2.3'],
  ['007', '007'],
  ['truely', 'truely'],
  ['{broken', '{broken'],
  ['12345678901234567890', '12345678901234567890'],
  ['1e999', '1e999'],
  ['[1, 12345678901234567890]', '[1, 12345678901234567890]'],
  ['{"id": "12345678901234567890"}', { id: '12345678901234567890' }],
  ['NaN', 'NaN'],
  ['  two words ', '  two words '],
])('%j counts as %j', (text, value) => {
  expect(parseMetadataValue(text)).toEqual(value);
});

it.each([
  ['{"seed":9007199254740993}', '9007199254740993'],
  ['[1, -12345678901234567890 ]', '-12345678901234567890'],
  ['{"12345678901234567890":1}', undefined],
  ['["a\\"9007199254740993"]', undefined],
  ['[9007199254740991, 1e30, 12345678901234567890.5, 0.12345678901234567890]', undefined],
])('finds in %s the integer that would be rounded', (json, found) => {
  expect(roundedInteger(json)).toBe(found);
});

it('finds it at once in the largest body', () => {
  const started = performance.now();
  expect(roundedInteger(JSON.stringify({ text: '\\"1'.repeat(300_000), list: Array(200_000).fill(1) }))).toBe(
    undefined,
  );
  expect(performance.now() - started).toBeLessThan(1000);
});
