/** What NumPy counts dates and durations in: so many of a unit. */
export interface TimeUnit {
  readonly name: string;
  readonly count: bigint;
}

const NOT_A_TIME = -(2n ** 63n);
const LAST_SECOND = 8_640_000_000_000n;

/** Seconds of the units that are longer than one, and characters of ISO 8601 that say as much. */
const LONG_UNITS: Readonly<Record<string, readonly [seconds: bigint, characters: number]>> = {
  W: [604_800n, 10],
  D: [86_400n, 10],
  h: [3_600n, 13],
  m: [60n, 16],
};

/** Decimals of a second that the short units count. */
const DECIMALS: Readonly<Record<string, number>> = { s: 0, ms: 3, us: 6, ns: 9, ps: 12, fs: 15, as: 18 };

const NAMES: Readonly<Record<string, string>> = {
  Y: 'years',
  M: 'months',
  W: 'weeks',
  D: 'days',
  h: 'hours',
  m: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  ps: 'picoseconds',
  fs: 'femtoseconds',
  as: 'attoseconds',
};

/** A `datetime64` in ISO 8601, as precise as its unit; undefined if there is no such date. */
export function dateText(value: bigint, unit: TimeUnit): string | undefined {
  if (value === NOT_A_TIME) return 'NaT';
  const ticks = value * unit.count;
  if (unit.name === 'Y' || unit.name === 'M') return monthText(unit.name === 'Y' ? ticks * 12n : ticks, unit.name);
  const long = LONG_UNITS[unit.name];
  if (long !== undefined) return secondText(ticks * long[0])?.slice(0, long[1]);
  const decimals = DECIMALS[unit.name];
  if (decimals === undefined) return undefined;
  const scale = 10n ** BigInt(decimals);
  const part = ((ticks % scale) + scale) % scale;
  const whole = secondText((ticks - part) / scale);
  return decimals === 0 || whole === undefined ? whole : `${whole}.${String(part).padStart(decimals, '0')}`;
}

/** A `timedelta64`, as NumPy prints it: `5 seconds`. */
export function durationText(value: bigint, unit: TimeUnit): string | undefined {
  if (value === NOT_A_TIME) return 'NaT';
  const name = NAMES[unit.name];
  return name === undefined ? undefined : `${value * unit.count} ${name}`;
}

function monthText(months: bigint, unit: 'Y' | 'M'): string | undefined {
  const month = ((months % 12n) + 12n) % 12n;
  const year = 1970n + (months - month) / 12n;
  if (year < 1n || year > 9999n) return undefined;
  const text = String(year).padStart(4, '0');
  return unit === 'Y' ? text : `${text}-${String(month + 1n).padStart(2, '0')}`;
}

/** `2025-10-06T23:56:50`. */
function secondText(seconds: bigint): string | undefined {
  if (seconds < -LAST_SECOND || seconds > LAST_SECOND) return undefined;
  const text = new Date(Number(seconds) * 1000).toISOString();
  return text.startsWith('+') || text.startsWith('-') ? undefined : text.slice(0, 19);
}
