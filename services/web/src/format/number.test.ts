import { expect, it } from 'vitest';
import { formatAmount, formatCount, formatMeasure, formatPercent, formatShort, formatSize, plural } from './number';

it('separates thousands and shortens', () => {
  expect(formatCount(10_712_545, 'en')).toBe('10,712,545');
  expect(formatCount(2.6, 'en')).toBe('3');
  expect(formatShort(10_712_545, 'en')).toBe('10.7M');
  expect(formatShort(999, 'en')).toBe('999');
});

it.each([
  [0, '0.0 %'],
  [0.0001, '<0.1 %'],
  [0.0005, '0.1 %'],
  [0.75, '75.0 %'],
  [1, '100.0 %'],
])('a share of %d', (share, words) => {
  expect(formatPercent(share)).toBe(words);
});

it.each([
  [0, '0'],
  [0.001, '0.001'],
  [0.234149, '0.2341'],
  [-0.5, '-0.5'],
  [0.00001, '1e-5'],
  [-3.92e-7, '-3.9e-7'],
])('a measure of %d', (value, words) => {
  expect(formatMeasure(value)).toBe(words);
});

it.each([
  [0, '0'],
  [0.14, '0.14'],
  [1.43, '1.43'],
  [12, '12'],
  [1_234.5, '1,235'],
])('an amount of %d', (value, words) => {
  expect(formatAmount(value, 'en')).toBe(words);
});

it('counts nouns', () => {
  expect([plural(0, 'file'), plural(1, 'file'), plural(2, 'file')]).toEqual(['0 files', '1 file', '2 files']);
});

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1 KB'],
  [1_536, '1.5 KB'],
  [104_857, '102.4 KB'],
  [104_858, '0.10 MB'],
  [42_909_794, '40.92 MB'],
  [1024 ** 3 - 1024 ** 2, '1023.00 MB'],
  [1024 ** 3, '1.00 GB'],
  [3276.8 * 1024 ** 2, '3.20 GB'],
])('%d bytes', (sizeBytes, words) => {
  expect(formatSize(sizeBytes)).toBe(words);
});
