import { expect, it } from 'vitest';
import { matchesTag } from './entity-tag.js';

it.each([
  ['"abc"', true],
  ['W/"abc"', true],
  ['"x", "abc"', true],
  ['*', true],
  ['"x,abc"', false],
  ['abc', false],
  ['"ab"', false],
  ['', false],
])('%s', (header, matches) => {
  expect(matchesTag(header, '"abc"')).toBe(matches);
});
