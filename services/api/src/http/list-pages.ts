import { LRUCache } from 'lru-cache';

/** Pages that are kept as they were sent; a page of a thousand rows takes half a megabyte. */
const PAGES_KEPT = 16;

/** One state of a list, in order, with every row already written as JSON. */
export interface ListState {
  /** What the rows are called in the response. */
  readonly name: string;
  readonly rows: readonly string[];
  /** What else the response says, on every page. */
  readonly beside?: Readonly<Record<string, unknown>>;
}

/** Which part of a list to write. */
export interface PageRange {
  readonly start: number;
  readonly limit: number;
  /** The cursor of the next page, given the index of the last row of this one. */
  cursorAt(last: number): string;
}

const pages = new WeakMap<ListState, LRUCache<string, Buffer>>();

/** The JSON body of a page of a list. Pages are kept until the list changes. */
export function writePage(list: ListState, { start, limit, cursorAt }: PageRange): Buffer {
  const kept = pages.get(list) ?? new LRUCache<string, Buffer>({ max: PAGES_KEPT });
  pages.set(list, kept);
  const key = `${start} ${limit}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const end = Math.min(start + limit, list.rows.length);
  const next = end > start && end < list.rows.length ? `,"next_cursor":${JSON.stringify(cursorAt(end - 1))}` : '';
  const rows = list.rows.slice(start, end).join(',');
  const beside = Object.entries(list.beside ?? {}).map(([name, value]) => `,"${name}":${JSON.stringify(value)}`);
  const body = `{"success":true,"${list.name}":[${rows}],"count":${list.rows.length}${beside.join('')}${next}}`;
  const page = Buffer.from(body);
  kept.set(key, page);
  return page;
}
