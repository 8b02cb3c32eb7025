/** Pages `first` to `last`, both inclusive. */
export interface PageRange {
  readonly first: number;
  readonly last: number;
}

/** Pages between two that are wanted and are fetched along: the bytes take less time than another request. */
const MAX_GAP = 2;

/** Brings ranges together that overlap, touch, or almost do. Returns them in order. */
export function mergeRanges(ranges: readonly PageRange[]): PageRange[] {
  const merged: PageRange[] = [];
  for (const range of ranges.toSorted((left, right) => left.first - right.first)) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1 + MAX_GAP) merged.push(range);
    else merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
  }
  return merged;
}

/**
 * The pages of a range that are missing, in ranges of at most `maxPages`.
 * @param isMissing whether a page is neither there nor on its way
 */
export function missingRanges(
  { first, last }: PageRange,
  isMissing: (page: number) => boolean,
  maxPages: number,
): PageRange[] {
  const missing: PageRange[] = [];
  for (let page = first; page <= last; page++) {
    if (!isMissing(page)) continue;
    const before = missing.at(-1);
    if (before === undefined || before.last !== page - 1 || page - before.first >= maxPages) {
      missing.push({ first: page, last: page });
    } else missing[missing.length - 1] = { first: before.first, last: page };
  }
  return missing;
}
