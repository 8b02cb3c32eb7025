import type { IncomingHttpHeaders } from 'node:http';
import { mediaTypeOf } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import type { StoredFile } from '@caissa/storage';
import { failedPrecondition, rangeApplies } from '../http/preconditions.js';

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
  /** Why nothing of it is sent. */
  readonly refusal?: AppError;
}

/** Decides what to send. Conditions come before ranges; `Range` is defined for GET alone, RFC 9110 section 14.2. */
export function planDownload(file: StoredFile, method: 'get' | 'head', request: IncomingHttpHeaders): Plan {
  const size = file.sizeBytes;
  const validators = { tag: `"${file.sha256}"`, modifiedAt: file.modifiedAt };
  const headers = {
    ETag: validators.tag,
    'Last-Modified': file.modifiedAt.toUTCString(),
    'Cache-Control': 'private, max-age=31536000, immutable',
    'Accept-Ranges': 'bytes',
  };
  const failed = failedPrecondition(request, validators);
  if (failed === 304) return { status: 304, headers };
  if (failed === 412) {
    const refusal = new AppError(
      'PRECONDITION_FAILED',
      'The file is another one than If-Match or If-Unmodified-Since asks for.',
    );
    return { status: 412, headers: {}, refusal };
  }
  const applies = method === 'get' && rangeApplies(request, validators);
  const range = applies && request.range !== undefined ? parseRange(request.range, size) : undefined;
  if (range === 'unsatisfiable') {
    const refusal = new AppError('RANGE_NOT_SATISFIABLE', `The file has ${size} bytes.`);
    return { status: 416, headers: { 'Content-Range': `bytes */${size}` }, refusal };
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
