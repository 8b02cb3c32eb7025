import type { JsonObject, JsonValue } from '@caissa/formats';
import { NumpyScalar, type PickleValue, type PyDict, PyFloat, recordOf, toJson } from '@caissa/pytorch';

/** So many entries are looked at. */
const MAX_ENTRIES = 100_000;

/** Nobody nests a declaration deeper. */
const MAX_DEPTH = 8;

/** Longer keys and texts declare nothing. */
const MAX_LENGTH = 256;

/**
 * Returns what a dict declares by name, as JSON: entries in entries, and single values. Of anything else, such as a long list, an empty
 * list remains.
 */
export function declaredValues(dict: PyDict): JsonObject {
  let entriesLeft = MAX_ENTRIES;
  const copy = (record: PyDict, depth: number): JsonObject => {
    const entries: [string, JsonValue][] = [];
    for (const [key, value] of record) {
      if (entriesLeft-- <= 0) break;
      if (typeof key !== 'string' || key.length > MAX_LENGTH) continue;
      const inner = depth < MAX_DEPTH ? recordOf(value) : undefined;
      entries.push([key, inner === undefined ? singleValue(value) : copy(inner, depth + 1)]);
    }
    return Object.fromEntries(entries);
  };
  return copy(dict, 0);
}

/** Returns a number, a short text, a truth value or None as JSON, and an empty list for anything else. */
export function singleValue(value: PickleValue): JsonValue {
  if (value instanceof PyFloat) return value.value;
  if (value instanceof NumpyScalar) return toJson(value);
  if (typeof value === 'string') return value.length > MAX_LENGTH ? [] : value;
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : [];
}
