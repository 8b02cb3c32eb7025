import { expect, it } from 'vitest';
import { parseMetadataValue } from './metadata.js';

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
  ['NaN', 'NaN'],
  ['  two words ', '  two words '],
])('%j counts as %j', (text, value) => {
  expect(parseMetadataValue(text)).toEqual(value);
});
