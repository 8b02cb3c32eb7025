import { expect, it } from 'vitest';
import { parseKeep } from './parse-keep';

it.each([
  ['10', 10],
  [' 0 ', 0],
  ['007', 7],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['9999999999', undefined],
])('"%s"', (text, keep) => {
  expect(parseKeep(text)).toBe(keep);
});
