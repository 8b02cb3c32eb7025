import { expect, it } from 'vitest';
import { formatSize } from './size';

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1 KB'],
  [1_536, '1.5 KB'],
  [104_857, '102.4 KB'],
  [104_858, '0.10 MB'],
  [42_909_794, '40.92 MB'],
  [1024 ** 3, '1024.00 MB'],
  [10 * 1024 ** 3, '10.00 GB'],
])('%d bytes', (sizeBytes, words) => {
  expect(formatSize(sizeBytes)).toBe(words);
});
