import { FormatError } from '@caissa/bytes';
import type { JsonValue } from '@caissa/formats';
import { KeyTexts, typeOf } from './key-texts.js';
import { MAX_JSON_CHARACTERS, MAX_JSON_VALUES } from './limits.js';
import { type CheckpointTensor, isTensor, type PickleValue, PyDict, PyFloat, PySet, PyTuple } from './pickle-value.js';
import { isPlain, plainValue } from './plain-value.js';
import { MAX_INTEGER_BITS } from './write/pickle-builder.js';

/** Deeper containers are named instead: nobody reads metadata down there. */
const MAX_JSON_DEPTH = 100;

/** What a key may amount to by itself that is not text. */
const KEY_LIMITS = { values: 1000, characters: 100_000 };

/** How {@link toJson} shows values, and how much it may produce. */
export interface JsonOptions {
  readonly values?: number;
  /** Of texts, keys included, and of descriptions. */
  readonly characters?: number;
  /** The numbers of tensors that have been read; other tensors are described. */
  readonly numbers?: ReadonlyMap<CheckpointTensor, PickleValue>;
}

/**
 * Shows a value of a checkpoint as JSON, for metadata. NaN and infinities become null; integers that a number cannot
 * hold become text; keys become text, with their type where that alone tells them apart, as in `1 (int)`; lone
 * surrogates become U+FFFD; what is not plain becomes what {@link plainValue} says. What contains itself, or stands more
 * than 100 levels deep, is named.
 * @throws FormatError OUTPUT_LIMIT if it comes to more than the limits, as parts that occur many times make it
 */
export function toJson(value: PickleValue, options: JsonOptions = {}): JsonValue {
  const { values = MAX_JSON_VALUES, characters = MAX_JSON_CHARACTERS, numbers = new Map() } = options;
  return new JsonCopy(values, characters, numbers).of(value, 0);
}

/** Does as {@link toJson} does; undefined beyond the limits. */
export function toJsonWithin(value: PickleValue, options: JsonOptions): JsonValue | undefined {
  try {
    return toJson(value, options);
  } catch (error) {
    if (error instanceof FormatError && error.code === 'OUTPUT_LIMIT') return undefined;
    throw error;
  }
}

/** A dict's key as text by itself. */
export function keyText(key: PickleValue): string {
  if (key instanceof PyFloat) return String(key.value);
  const shown = toJsonWithin(key, KEY_LIMITS);
  return typeof shown === 'string' ? shown : (JSON.stringify(shown) ?? typeOf(key));
}

class JsonCopy {
  readonly #limits: { readonly values: number; readonly characters: number };
  readonly #numbers: ReadonlyMap<CheckpointTensor, PickleValue>;
  /** Containers that what is being converted stands in. */
  readonly #open = new Set<PickleValue>();
  #valuesLeft: number;
  #charactersLeft: number;

  constructor(values: number, characters: number, numbers: ReadonlyMap<CheckpointTensor, PickleValue>) {
    this.#limits = { values, characters };
    this.#numbers = numbers;
    this.#valuesLeft = values;
    this.#charactersLeft = characters;
    this.#spendValues(1);
  }

  /** Whoever calls has paid for the value, and what it holds is paid for here before it is looked at. */
  of(value: PickleValue, depth: number): JsonValue {
    if (value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.#text(value).toWellFormed();
    if (typeof value === 'bigint') return this.#text(digitsOf(value));
    if (typeof value === 'number') return finite(value);
    if (value instanceof PyFloat) return finite(value.value);
    return this.#nested(value, depth);
  }

  #nested(value: PickleValue & object, depth: number): JsonValue {
    if (depth >= MAX_JSON_DEPTH) return this.#text(`(a ${typeOf(value)}, too deep to be shown)`);
    if (this.#open.has(value)) return this.#text(`(the same ${typeOf(value)} again)`);
    this.#open.add(value);
    const json = this.#contents(value, depth);
    this.#open.delete(value);
    return json;
  }

  #contents(value: PickleValue & object, depth: number): JsonValue {
    if (value instanceof PyDict) return this.#object(value, depth + 1);
    if (value instanceof PyTuple) return this.#list(value.items, value.items.length, depth + 1);
    if (value instanceof PySet) return this.#list(value, value.size, depth + 1);
    if (Array.isArray(value)) return this.#list(value, value.length, depth + 1);
    const numbers = isTensor(value) ? this.#numbers.get(value) : undefined;
    // An object within itself comes round again at every second level.
    return this.of(numbers ?? (isPlain(value) ? null : plainValue(value)), depth + 1);
  }

  #list(items: Iterable<PickleValue>, length: number, depth: number): JsonValue[] {
    this.#spendValues(length);
    return Array.from(items, (item) => this.of(item, depth));
  }

  #object(dict: PyDict, depth: number): JsonValue {
    this.#spendValues(2 * dict.size);
    for (const key of dict.keys()) if (typeof key === 'string') this.#text(key);
    const keys = new KeyTexts(dict, (key) => this.#keyText(key, depth));
    // `fromEntries`, since assignment to a key such as `__proto__` would not make a property.
    return Object.fromEntries(Array.from(dict, ([key, value]) => [keys.of(key), this.of(value, depth)]));
  }

  /** What a key would be by itself. Texts have been paid for. */
  #keyText(key: PickleValue, depth: number): string {
    if (typeof key === 'string') return key.toWellFormed();
    if (key instanceof PyFloat) return String(key.value);
    const shown = this.of(key, depth);
    return typeof shown === 'string' ? shown : JSON.stringify(shown);
  }

  #spendValues(count: number): void {
    this.#valuesLeft -= count;
    if (this.#valuesLeft < 0) {
      throw new FormatError('OUTPUT_LIMIT', `The metadata amounts to more than ${this.#limits.values} values.`);
    }
  }

  #text(text: string): string {
    this.#charactersLeft -= text.length;
    if (this.#charactersLeft < 0) {
      const { characters } = this.#limits;
      throw new FormatError('OUTPUT_LIMIT', `The metadata amounts to more than ${characters} characters of text.`);
    }
    return text;
  }
}

/** An integer as exact text: decimal, or hexadecimal where it is so large that decimal digits would take long to find. */
export function digitsOf(value: bigint): string {
  if (BigInt.asIntN(MAX_INTEGER_BITS, value) === value) return String(value);
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
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
