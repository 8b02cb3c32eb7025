import { FormatError } from '@caissa/bytes';
import type { JsonValue } from '@caissa/formats';
import { describeValue, numpyNumber } from './json-describe.js';
import { MAX_JSON_CHARACTERS, MAX_JSON_VALUES } from './limits.js';
import { NumpyScalar, type PickleValue, PyDict, PyFloat, PySet, PyTuple, TorchSize } from './pickle-value.js';

/** Deeper containers are described instead: nobody reads metadata down there. */
const MAX_JSON_DEPTH = 100;

/** How much {@link toJson} may produce. */
export interface JsonLimits {
  readonly values: number;
  /** Of texts, keys included, and of descriptions. */
  readonly characters: number;
}

const LIMITS: JsonLimits = { values: MAX_JSON_VALUES, characters: MAX_JSON_CHARACTERS };

/**
 * Shows a value of a checkpoint as JSON, for metadata. NaN and infinities become null; integers that a number cannot
 * hold become text; keys become text; tensors, bytes and other objects, and what stands more than 100 levels deep,
 * become a short description.
 * @throws FormatError OUTPUT_LIMIT if it comes to more than the limits, as parts that occur many times make it
 */
export function toJson(value: PickleValue, limits = LIMITS): JsonValue {
  return convert(value, { limits, valuesLeft: limits.values, charactersLeft: limits.characters }, 0);
}

interface Budget {
  readonly limits: JsonLimits;
  valuesLeft: number;
  charactersLeft: number;
}

function convert(value: PickleValue, budget: Budget, depth: number): JsonValue {
  spendValues(1, budget);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return spendText(value, budget);
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'bigint') return spendText(String(value), budget);
  if (value instanceof PyFloat) return finite(value.value);
  if (value instanceof NumpyScalar) return scalar(value);
  if (value instanceof TorchSize) return sizes(value, budget);
  if (depth >= MAX_JSON_DEPTH) return describeValue(value);
  if (value instanceof PyDict) return toObject(value, budget, depth);
  if (value instanceof PyTuple) return value.items.map((item) => convert(item, budget, depth + 1));
  if (Array.isArray(value) || value instanceof PySet) return [...value].map((item) => convert(item, budget, depth + 1));
  return spendText(describeValue(value), budget);
}

function spendValues(count: number, budget: Budget): void {
  budget.valuesLeft -= count;
  if (budget.valuesLeft < 0) {
    throw new FormatError('OUTPUT_LIMIT', `The metadata amounts to more than ${budget.limits.values} values.`);
  }
}

function spendText(text: string, budget: Budget): string {
  budget.charactersLeft -= text.length;
  if (budget.charactersLeft < 0) {
    const { characters } = budget.limits;
    throw new FormatError('OUTPUT_LIMIT', `The metadata amounts to more than ${characters} characters of text.`);
  }
  return text;
}

function sizes({ sizes: all }: TorchSize, budget: Budget): number[] {
  spendValues(all.length, budget);
  return [...all];
}

/** `defineProperty`, since plain assignment to a key such as `__proto__` would not make a property. */
function toObject(dict: PyDict, budget: Budget, depth: number): JsonValue {
  const object: { [key: string]: JsonValue } = {};
  for (const [key, value] of dict) {
    const converted = convert(value, budget, depth + 1);
    Object.defineProperty(object, spendText(keyText(key), budget), {
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
  return new PyDict(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}
