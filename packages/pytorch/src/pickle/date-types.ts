import { type PickleValue, PyObject } from '../pickle-value.js';
import type { Reducer } from './known-globals.js';
import { encodePython2 } from './python-text.js';

const SECONDS_A_DAY = 86_400;

/** Two digits, or as many as are said. */
function digits(value: number, count = 2): string {
  return String(value).padStart(count, '0');
}

/** State of a date or time: bytes, or text of Python 2. */
function stateBytes(state: PickleValue | undefined, lengthBytes: number): Uint8Array | undefined {
  if (typeof state === 'string' && state.length <= lengthBytes) return encodePython2(state, lengthBytes);
  return state instanceof Uint8Array && state.length === lengthBytes ? state : undefined;
}

/** Year in two bytes, month and day. The month's highest bit is the fold, which ISO 8601 does not have. */
function dateText([high = 0, low = 0, month = 0, day = 0]: Uint8Array): string | undefined {
  const [year, ofYear] = [high * 256 + low, month & 0x7f];
  const isDate = year > 0 && year < 10_000 && ofYear >= 1 && ofYear <= 12 && day >= 1 && day <= 31;
  return isDate ? `${digits(year, 4)}-${digits(ofYear)}-${digits(day)}` : undefined;
}

/** Hour (its highest bit is the fold of a `time`), minute, second, and microsecond in three bytes. */
function timeText([hours = 0, minute = 0, second = 0, ...micros]: Uint8Array): string | undefined {
  const hour = hours & 0x7f;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [high = 0, middle = 0, low = 0] = micros;
  const microsecond = high * 65_536 + middle * 256 + low;
  const fraction = microsecond === 0 ? '' : `.${digits(microsecond, 6)}`;
  return `${digits(hour)}:${digits(minute)}:${digits(second)}${fraction}`;
}

/** What a time zone adds to a time: an offset, and the zone's name in brackets; undefined if it is not known. */
function zoneSuffix(zone: PickleValue | undefined): string | undefined {
  if (zone === undefined || zone === null) return '';
  if (typeof zone === 'string') return /^[+-]\d\d:/.test(zone) ? zone : `[${zone.slice(0, 100)}]`;
  if (!(zone instanceof PyObject)) return undefined;
  if (UTC_CLASSES.has(zone.fullName)) return '+00:00';
  const [name, offsetSeconds] = zone.args;
  const isPytz = zone.fullName === 'pytz._p' && typeof name === 'string' && typeof offsetSeconds === 'number';
  return isPytz ? `${offsetText(offsetSeconds)}[${name.slice(0, 100)}]` : undefined;
}

/** How the libraries that most programs use beside `datetime.timezone` name UTC. */
const UTC_CLASSES: ReadonlySet<string> = new Set(['pytz._UTC', 'pytz.UTC', 'dateutil.tz.tz.tzutc']);

function offsetText(seconds: number): string {
  const [total, sign] = [Math.abs(seconds), seconds < 0 ? '-' : '+'];
  const [hours, minutes, rest] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  return `${sign}${digits(hours)}:${digits(minutes)}${rest === 0 ? '' : `:${digits(rest)}`}`;
}

const reduceDateTime: Reducer = (_machine, [state, zone]) => {
  const bytes = stateBytes(state, 10);
  const [date, time] = bytes === undefined ? [] : [dateText(bytes), timeText(bytes.subarray(4))];
  const suffix = zoneSuffix(zone);
  return date === undefined || time === undefined || suffix === undefined ? undefined : `${date}T${time}${suffix}`;
};

const reduceDate: Reducer = (_machine, [state]) => {
  const bytes = stateBytes(state, 4);
  return bytes && dateText(bytes);
};

const reduceTime: Reducer = (_machine, [state, zone]) => {
  const bytes = stateBytes(state, 6);
  const [time, suffix] = [bytes && timeText(bytes), zoneSuffix(zone)];
  return time === undefined || suffix === undefined ? undefined : time + suffix;
};

/** `timedelta(days, seconds, microseconds)`; only the days can be negative. */
const reduceTimeDelta: Reducer = (_machine, args) => {
  const [days = 0, seconds = 0, micros = 0] = args;
  const isWhole = typeof days === 'number' && typeof seconds === 'number' && typeof micros === 'number';
  if (!isWhole || seconds < 0 || seconds >= SECONDS_A_DAY || micros < 0 || micros >= 1e6) return undefined;
  const isNegative = days < 0;
  const [whole, part] = isNegative ? negated(days, seconds, micros) : [days * SECONDS_A_DAY + seconds, micros];
  const fraction = part === 0 ? '' : `.${digits(part, 6)}`;
  const [inDays, inSeconds] = [Math.floor(whole / SECONDS_A_DAY), whole % SECONDS_A_DAY];
  return `${isNegative ? '-' : ''}P${inDays}DT${inSeconds}${fraction}S`;
};

/** Whole seconds and microseconds of the duration without its sign. */
function negated(days: number, seconds: number, micros: number): [seconds: number, micros: number] {
  const whole = -(days * SECONDS_A_DAY + seconds);
  return micros === 0 ? [whole, 0] : [whole - 1, 1e6 - micros];
}

/** `timezone(timedelta)`, whose argument is text by now. */
const reduceTimeZone: Reducer = (_machine, [offset]) => {
  const [, sign, days, seconds] = /^(-?)P(\d+)DT(\d+)S$/.exec(typeof offset === 'string' ? offset : '') ?? [];
  return days === '0' ? offsetText(Number(`${sign}${seconds}`)) : undefined;
};

/** `ZoneInfo._unpickle(key, from cache)`. */
const reduceZoneInfo: Reducer = (_machine, [key]) => (typeof key === 'string' ? key : undefined);

/** Dates and times, which become text of ISO 8601. Source: CPython 3.13, Lib/_pydatetime.py, `_getstate` */
export const DATE_TYPES: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ...['datetime', '_pydatetime'].flatMap((module) => [
    [module, 'datetime', reduceDateTime] as const,
    [module, 'date', reduceDate] as const,
    [module, 'time', reduceTime] as const,
    [module, 'timedelta', reduceTimeDelta] as const,
    [module, 'timezone', reduceTimeZone] as const,
  ]),
  ['zoneinfo', 'ZoneInfo', reduceZoneInfo],
  ['zoneinfo', 'ZoneInfo._unpickle', reduceZoneInfo],
];
