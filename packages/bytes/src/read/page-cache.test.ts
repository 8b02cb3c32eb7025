import { describe, expect, it } from 'vitest';
import { PageCache } from './page-cache.js';

const PAGE_BYTES = 64 << 10;

/** A file whose bytes tell their offsets, and the lengths that are read of it. */
function cacheOf(pages: number): { cache: PageCache; lengths: number[]; readAt(offset: number): Promise<number> } {
  const lengths: number[] = [];
  const cache = new PageCache(pages * PAGE_BYTES, async (target, offset) => {
    lengths.push(target.length);
    for (let at = 0; at < target.length; at++) target[at] = (offset + at) % 251;
  });
  const readAt = async (offset: number): Promise<number> => {
    const target = new Uint8Array(4);
    await cache.readInto(target, offset);
    for (let at = 0; at < 4; at++) expect(target[at]).toBe((offset + at) % 251);
    return lengths.length;
  };
  return { cache, lengths, readAt };
}

describe('a page cache', () => {
  it('reads a page when it is visited again, and no more after that', async () => {
    const { lengths, readAt } = cacheOf(4);
    for (const offset of [PAGE_BYTES, PAGE_BYTES + 100, PAGE_BYTES + 9, 2 * PAGE_BYTES - 4]) await readAt(offset);
    expect(lengths).toEqual([4, PAGE_BYTES]);
  });

  it('reads no more than it is asked for where reads lie far apart', async () => {
    const { lengths, readAt } = cacheOf(100);
    for (let page = 0; page < 100; page++) await readAt(page * PAGE_BYTES + 7);
    expect(lengths).toEqual(Array.from({ length: 100 }, () => 4));
  });

  it('serves a range that lies in two pages', async () => {
    const { readAt } = cacheOf(3);
    for (let visit = 0; visit < 3; visit++) await readAt(PAGE_BYTES - 2);
    expect(await readAt(2 * PAGE_BYTES - 1)).toBeLessThanOrEqual(6);
  });
});
