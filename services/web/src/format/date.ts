/** A date, then optionally a time after a `T` or a space, and a zone. */
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Reads a time as the API writes it. Training programs write times without a zone; those count as UTC, as all times of
 * the API do.
 */
export function parseTime(text: string): Date | undefined {
  const [, day, clock, zone] = TIME.exec(text.trim()) ?? [];
  // Browsers find a date in nearly everything: "model 5" would be the first of May 2001.
  if (day === undefined) return undefined;
  const date = new Date(clock === undefined ? day : `${day}T${clock}${zone ?? 'Z'}`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Formatters by locale and zone: making one takes as long as drawing several rows of a list. */
const timeFormats = new Map<string, Intl.DateTimeFormat>();
const agoFormats = new Map<string, Intl.RelativeTimeFormat>();

function kept<T>(formats: Map<string, T>, key: string, make: () => T): T {
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = make();
  formats.set(key, made);
  return made;
}

/** The day of a point in time in the viewer's zone and language; what cannot be read is shown as it is. */
export function formatDate(text: string, locale?: string, timeZone?: string): string {
  return format(text, 'day', locale, timeZone);
}

/** A point in time in the viewer's zone and language; what cannot be read is shown as it is. */
export function formatTime(text: string, locale?: string, timeZone?: string): string {
  return format(text, 'time', locale, timeZone);
}

const STYLES = { day: { dateStyle: 'medium' }, time: { dateStyle: 'medium', timeStyle: 'short' } } as const;

function format(text: string, style: keyof typeof STYLES, locale?: string, timeZone?: string): string {
  const date = parseTime(text);
  if (date === undefined) return text;
  const made = kept(timeFormats, `${style} ${locale} ${timeZone}`, () => {
    const zone = timeZone === undefined ? {} : { timeZone };
    return new Intl.DateTimeFormat(locale, { ...STYLES[style], ...zone });
  });
  return made.format(date);
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
];

/** How long ago something was, such as "3 minutes ago"; further back than a week, the point in time. */
export function formatAgo(text: string, nowMs: number, locale?: string): string {
  const date = parseTime(text);
  if (date === undefined) return text;
  let amount = Math.round((date.getTime() - nowMs) / 1000);
  // Clocks of two machines differ a little; nothing on this page lies in the future.
  if (amount > -5) return 'just now';
  const relative = kept(agoFormats, `${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }));
  for (const [unit, size] of STEPS) {
    if (Math.abs(amount) < size) return relative.format(amount, unit);
    amount = Math.round(amount / size);
  }
  return formatTime(text, locale);
}

/** A span of time: `340 ms`, `2.4 s`, `1 min 05 s`, `2 h 03 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.max(0, Math.round(durationMs))} ms`;
  if (durationMs < 10_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${pad(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}
