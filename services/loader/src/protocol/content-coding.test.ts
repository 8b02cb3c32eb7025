import { expect, test } from 'vitest';
import { wantedCoding } from './content-coding.js';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['br', undefined],
  ['*', undefined],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['deflate', 'deflate'],
  ['gzip, deflate, br', 'gzip'],
  ['deflate, gzip;q=0.5', 'deflate'],
  ['gzip;q=0', undefined],
  ['gzip; q=0.2 , deflate;q=0.1', 'gzip'],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['gzip;q=x', undefined],
])('%s asks for %s', (header, coding) => {
  expect(wantedCoding(header)).toBe(coding);
});
