import { describe, expect, it } from 'vitest';
import { parseRange } from './plan-download.js';

describe('parseRange', () => {
  it.each([
    ['bytes=0-9', 100, { start: 0, end: 9 }],
    ['bytes=90-', 100, { start: 90, end: 99 }],
    ['bytes=-10', 100, { start: 90, end: 99 }],
    ['bytes=95-200', 100, { start: 95, end: 99 }],
    ['bytes=0-0', 1, { start: 0, end: 0 }],
    ['Bytes= 5-6 ', 100, { start: 5, end: 6 }],
    // Longer than the file: the whole file, not an error.
    ['bytes=-500', 100, { start: 0, end: 99 }],
  ])('%s of %i bytes', (header, size, range) => {
    expect(parseRange(header, size)).toEqual(range);
  });

  it.each([
    ['bytes=100-', 100],
    ['bytes=100-200', 100],
    ['bytes=-0', 100],
    ['bytes=0-', 0],
    ['bytes=-5', 0],
  ])('%s of %i bytes cannot be satisfied', (header, size) => {
    expect(parseRange(header, size)).toBe('unsatisfiable');
  });

  it.each(['bytes=', 'bytes=-', 'bytes=9-5', 'bytes=a-b', 'lines=0-5', 'bytes=0-1,5-6', 'bytes 0-5', 'bytes=0-5;', ''])(
    'ignores %j',
    (header) => {
      expect(parseRange(header, 100)).toBeUndefined();
    },
  );
});
