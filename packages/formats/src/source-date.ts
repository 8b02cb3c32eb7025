/** The last second of the year 9999: later years are not written in four digits. */
const LATEST_SECONDS = 253_402_300_799;

/** What `SOURCE_DATE_EPOCH` may be, as the end of a sentence. */
export const SOURCE_DATE_RULE = `must be seconds since 1970-01-01 (UTC), a whole number of at most ${LATEST_SECONDS}`;

/**
 * The date that exports state instead of their own, so that the same input gives the same bytes; undefined for a text
 * that says none.
 * Source: reproducible-builds.org, SOURCE_DATE_EPOCH specification 1.1.
 */
export function parseSourceDate(text: string): Date | undefined {
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= LATEST_SECONDS ? new Date(seconds * 1000) : undefined;
}
