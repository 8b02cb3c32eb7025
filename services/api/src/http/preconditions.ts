import type { IncomingHttpHeaders } from 'node:http';

/** What tells whether a client has what would be sent: an entity tag, strong or weak, and for a file when it was last modified. */
export interface Validators {
  readonly tag: string;
  readonly modifiedAt?: Date;
}

/**
 * The status that the conditions of a `GET` or `HEAD` call for; undefined if they hold.
 * Source: RFC 9110 section 13.2.2, in its order: a condition on tags makes the one on times not count.
 */
export function failedPrecondition(
  request: IncomingHttpHeaders,
  { tag, modifiedAt }: Validators,
): 412 | 304 | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = request;
  const unmodified = request['if-unmodified-since'];
  const isOther = match === undefined ? isModifiedSince(modifiedAt, unmodified) : !hasStrongTag(match, tag);
  if (isOther === true) return 412;
  const modified = request['if-modified-since'];
  const isNews = noneMatch === undefined ? isModifiedSince(modifiedAt, modified) : !hasTag(noneMatch, tag);
  return isNews === false ? 304 : undefined;
}

/** Whether the range of a request counts by its `If-Range`, a tag or a time. Source: RFC 9110 section 13.1.5. */
export function rangeApplies(request: IncomingHttpHeaders, { tag, modifiedAt }: Required<Validators>): boolean {
  const condition = request['if-range'];
  return condition === undefined || condition === tag || parseHttpDate(String(condition)) === secondsOf(modifiedAt);
}

/** Whether a list of entity tags, or `*`, names this one, compared weakly. Source: RFC 9110 sections 8.8.3 and 13.1.2. */
function hasTag(header: string, tag: string): boolean {
  return hasStrongTag(header.replaceAll('W/"', '"'), tag.replace('W/"', '"'));
}

/** As {@link hasTag}, compared strongly: a weak tag is no match. */
function hasStrongTag(header: string, tag: string): boolean {
  if (header.trim() === '*') return true;
  if (tag.startsWith('W/')) return false;
  const tags: readonly string[] = header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.includes(tag);
}

/** Whether something was modified after a time; undefined where either is not known. */
function isModifiedSince(modifiedAt: Date | undefined, header: string | undefined): boolean | undefined {
  if (modifiedAt === undefined || header === undefined) return undefined;
  const since = parseHttpDate(header);
  return since === undefined ? undefined : secondsOf(modifiedAt) > since;
}

/** A time of HTTP has whole seconds. */
function secondsOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const CLOCK = '\\d{2}:\\d{2}:\\d{2}';

/** `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. */
const HTTP_DATE = new RegExp(
  `^(?:\\w{3}, \\d{2} ${MONTH} \\d{4} ${CLOCK} GMT|\\w{6,9}, \\d{2}-${MONTH}-\\d{2} ${CLOCK} GMT|\\w{3} ${MONTH} [ \\d]\\d ${CLOCK} \\d{4})$`,
);

/**
 * Seconds since 1970 of a time in HTTP; undefined for anything else, in which `Date.parse` would find a time nevertheless.
 * Source: RFC 9110 section 5.6.7.
 */
function parseHttpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const seconds = Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`) / 1000;
  return Number.isNaN(seconds) ? undefined : seconds;
}
