/** Bytes `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header for a file of `sizeBytes`. Answers undefined where the whole file is to be sent: a header that
 * cannot be understood is ignored, and so is a request for several ranges, which a server need not serve.
 * Source: RFC 9110 sections 14.1.2 and 14.2.
 */
export function parseRange(header: string, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d{0,16})-(\d{0,16})[ \t]*$/i.exec(header) ?? [];
  if (first === '' && last === '') return undefined;
  const end = Math.min(first === '' || last === '' ? sizeBytes - 1 : Number(last), sizeBytes - 1);
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start > end ? 'unsatisfiable' : { start, end };
}
