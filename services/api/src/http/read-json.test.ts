import { expect, it } from 'vitest';
import { isNestedDeeper } from './read-json.js';

it.each([
  ['[[1]]', 2, false],
  ['[[1]]', 1, true],
  ['{"a":{"b":[]}}', 3, false],
  ['{"a":{"b":[]}}', 2, true],
  ['[[],[],[]]', 2, false],
  ['"[[[[["', 1, false],
  ['["\\"[[[["]', 1, false],
  ['["\\\\",[[]]]', 2, true],
])('%s deeper than %i', (text, limit, deeper) => {
  expect(isNestedDeeper(text, limit)).toBe(deeper);
});

it('does not run out of stack', () => {
  expect(isNestedDeeper('['.repeat(1_000_000), 64)).toBe(true);
});
