import { expect, test } from 'vitest';
import { toIsoSeconds } from './file-names.js';
import { parseSourceDate } from './source-date.js';

test.each([
  ['0', '1970-01-01T00:00:00Z'],
  ['1700000000', '2023-11-14T22:13:20Z'],
  ['253402300799', '9999-12-31T23:59:59Z'],
])('%s is a date', (text, date) => {
  expect(parseSourceDate(text)?.toISOString().replace('.000', '')).toBe(date);
  expect(toIsoSeconds(parseSourceDate(text) ?? new Date())).toBe(date);
});

test.each(['', ' ', '-1', '+1', '1.5', '1e9', '0x10', '2023-11-14', '253402300800', '9'.repeat(400), '١'])(
  '%j is none',
  (text) => {
    expect(parseSourceDate(text)).toBeUndefined();
  },
);
