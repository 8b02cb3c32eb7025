import { FormatError } from '@caissa/tensor';
import { describeValue, numpyNumber } from './json-describe.js';
import { MAX_JSON_VALUES } from './limits.js';
import { NumpyScalar, type PickleValue, PyFloat, PyTuple, TorchSize } from './pickle-value.js';

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** Deeper containers are described instead: nobody reads metadata down there. */
const MAX_JSON_DEPTH = 100;

/**
 * Shows a value of a checkpoint as JSON, for metadata. NaN and infinities become null; integers that a number cannot
 * hold become text; keys become text; tensors, bytes and other objects, and what stands more than 100 levels deep,
 * become a short description.
 * @throws FormatError OUTPUT_LIMIT if parts that occur many times would unfold into more than 100,000 values
 */
export function toJson(value: PickleValue): JsonValue {
  return convert(value, { valuesLeft: MAX_JSON_VALUES }, 0);
}

interface Budget {
  valuesLeft: number;
}

function convert(value: PickleValue, budget: Budget, depth: number): JsonValue {
  budget.valuesLeft--;
  if (budget.valuesLeft < 0) {
    throw new FormatError('OUTPUT_LIMIT', `The metadata amounts to more than ${MAX_JSON_VALUES} values.`);
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'bigint') return String(value);
  if (value instanceof PyFloat) return finite(value.value);
  if (value instanceof NumpyScalar) return scalar(value);
  if (value instanceof TorchSize) return [...value.sizes];
  if (depth >= MAX_JSON_DEPTH) return describeValue(value);
  if (value instanceof Map) return toObject(value, budget, depth);
  if (value instanceof PyTuple) return value.items.map((item) => convert(item, budget, depth + 1));
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => convert(item, budget, depth + 1));
  return describeValue(value);
}

/** `defineProperty`, since plain assignment to a key such as `__proto__` would not make a property. */
function toObject(dict: ReadonlyMap<PickleValue, PickleValue>, budget: Budget, depth: number): JsonValue {
  const object: { [key: string]: JsonValue } = {};
  for (const [key, value] of dict) {
    const converted = convert(value, budget, depth + 1);
    Object.defineProperty(object, keyText(key), {
      value: converted,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function keyText(key: PickleValue): string {
  if (typeof key === 'string') return key;
  if (key instanceof PyFloat) return String(key.value);
  return key === null || typeof key !== 'object' ? String(key) : describeValue(key);
}

function scalar(value: NumpyScalar): JsonValue {
  const number = numpyNumber(value.dtype, value.bytes);
  if (number === undefined) return describeValue(value);
  if (typeof number !== 'bigint') return typeof number === 'boolean' ? number : finite(number);
  return Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * The Python values that `json.loads` would give: lists, dicts with text keys, and for numbers ints where they are
 * whole, floats where they are not.
 */
export function fromJson(value: JsonValue): PickleValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : new PyFloat(value);
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}
