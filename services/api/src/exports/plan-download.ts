import type { IncomingHttpHeaders } from 'node:http';
import { mediaTypeOf } from '@caissa/formats';
import type { StoredFile } from '@caissa/storage';

/** Bytes `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** How a download is answered. */
interface Plan {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** What to send of the file, if anything. */
  readonly send?: ByteRange;
}

/** Decides what to send. Source: RFC 9110 section 13.2.2, in its order; `Range` is defined for GET alone, 14.2. */
export function planDownload(file: StoredFile, method: 'get' | 'head', request: IncomingHttpHeaders): Plan {
  const tag = `"${file.sha256}"`;
  const size = file.sizeBytes;
  const headers = { ETag: tag, 'Cache-Control': 'private, max-age=31536000, immutable', 'Accept-Ranges': 'bytes' };
  const noneMatch = request['if-none-match'];
  if (noneMatch !== undefined && matchesTag(noneMatch, tag)) return { status: 304, headers };
  const applies = method === 'get' && (request['if-range'] === undefined || request['if-range'] === tag);
  const range = applies && request.range !== undefined ? parseRange(request.range, size) : undefined;
  if (range === 'unsatisfiable') {
    const type = 'application/problem+json; charset=utf-8';
    return { status: 416, headers: { 'Content-Type': type, 'Content-Range': `bytes */${size}` } };
  }
  const full = {
    ...headers,
    'Content-Type': mediaTypeOf(file.filename),
    'Content-Disposition': `attachment; filename="${file.filename}"`,
  };
  if (range === undefined) {
    const whole = size === 0 ? {} : { send: { start: 0, end: size - 1 } };
    return { status: 200, headers: { ...full, 'Content-Length': String(size) }, ...whole };
  }
  const { start, end } = range;
  const partial = { 'Content-Range': `bytes ${start}-${end}/${size}`, 'Content-Length': String(end - start + 1) };
  return { status: 206, headers: { ...full, ...partial }, send: range };
}

/**
 * Reads a `Range` header for a file of `sizeBytes`. Returns undefined where the whole file is to be sent: a header that
 * cannot be understood is ignored, and so is a request for several ranges, which a server need not serve.
 * Source: RFC 9110 sections 14.1.2 and 14.2, which `range-parser` does not follow for `bytes=5-2` and for more than all.
 */
export function parseRange(header: string, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d{0,16})-(\d{0,16})[ \t]*$/i.exec(header) ?? [];
  if (first === '' && last === '') return undefined;
  const end = Math.min(first === '' || last === '' ? sizeBytes - 1 : Number(last), sizeBytes - 1);
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start > end ? 'unsatisfiable' : { start, end };
}

/**
 * Whether a list of entity tags, or `*`, names this strong one. `fresh` would send a file again that never changes when it is
 * asked with `Cache-Control: no-cache`. Source: RFC 9110 sections 8.8.3 and 13.1.2.
 */
export function matchesTag(header: string, tag: string): boolean {
  if (header.trim() === '*') return true;
  const tags = header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.some((one) => one.replace(/^W\//, '') === tag);
}
