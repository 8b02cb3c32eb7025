/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object with string keys, as metadata is. */
export type JsonObject = { [key: string]: JsonValue };

/** A model's version as its checkpoint tells it: a whole number where it is one, else a text such as `best`. */
export type ModelVersion = number | string;

/** What is said of a version and of a training date that a checkpoint does not tell. */
export const UNKNOWN = 'unknown';

/** Bytes of JSON that a caller's metadata may take. It travels through the queue, which is for small things. */
export const METADATA_LIMIT_BYTES = 65_536;

/** Depth to which a caller's metadata may be nested. */
export const METADATA_LIMIT_DEPTH = 16;

/**
 * Why a value is refused as metadata of a caller, if it is. Looks no deeper than is allowed, so that no nesting
 * overflows the stack, and visits each value once: `z.json()` takes 3 ms for every thousand of them.
 */
function refusal(value: unknown, levelsLeft: number): string | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? undefined : 'must not hold numbers that are not finite';
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined;
  if (typeof value !== 'object') return 'must be JSON';
  if (levelsLeft === 0) return `must not be nested deeper than ${METADATA_LIMIT_DEPTH} levels`;
  // Objects are copied key by key on their way, and this one key would be lost.
  if (Object.hasOwn(value, '__proto__')) return 'must not hold a key named __proto__';
  for (const inner of Object.values(value)) {
    const reason = refusal(inner, levelsLeft - 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** A text or a number of JSON, whichever comes next. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** The first whole number in a text of valid JSON that `JSON.parse` would round; undefined if there is none. */
export function roundedInteger(json: string): string | undefined {
  for (const [token] of json.matchAll(TOKEN)) {
    if (/^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token))) return token;
  }
  return undefined;
}

/**
 * What was typed as a value: numbers, `true`, `false`, `null`, lists and objects count as such, the rest is text, and so
 * is what has a number in it that would be rounded.
 */
export function parseMetadataValue(text: string): JsonValue {
  const trimmed = text.trim();
  if (!/^(-?\d|true$|false$|null$|\[|\{|")/.test(trimmed)) return text;
  try {
    const value: JsonValue = JSON.parse(trimmed);
    // A long identifier made of digits would lose some of them as a number.
    const isLossy = roundedInteger(trimmed) !== undefined || value === Infinity || value === -Infinity;
    return isLossy ? text : value;
  } catch {
    return text;
  }
}

/** Why something is refused as metadata of a caller, if it is: the end of a sentence. */
export function metadataRefusal(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  const reason = refusal(value, METADATA_LIMIT_DEPTH);
  if (reason !== undefined) return reason;
  if (new TextEncoder().encode(JSON.stringify(value)).length > METADATA_LIMIT_BYTES) {
    return `must not exceed ${METADATA_LIMIT_BYTES} bytes of JSON`;
  }
  return undefined;
}
