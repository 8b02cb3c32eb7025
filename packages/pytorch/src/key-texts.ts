import {
  isTensor,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyDict,
  PyFloat,
  PyObject,
  PySet,
  PyTuple,
} from './pickle-value.js';

/**
 * Gives the keys of one dict texts that tell them apart: a key that is text is that text, any other has its type beside
 * it where the text is taken, as `1` beside `"1"` becomes `1 (int)`.
 */
export class KeyTexts {
  readonly #dict: PyDict;
  /** What a key is by itself that is no text. */
  readonly #textOf: (key: PickleValue) => string;
  /** Texts that are taken, and how many keys wanted each; made when a key is no text, which is rare. */
  #taken: Map<string, number> | undefined;

  constructor(dict: PyDict, textOf: (key: PickleValue) => string) {
    this.#dict = dict;
    this.#textOf = textOf;
  }

  /** The text of the next key of the dict. */
  of(key: PickleValue): string {
    if (isText(key)) return key;
    this.#taken ??= new Map(
      Array.from(this.#dict.keys())
        .filter(isText)
        .map((text) => [hashed(text), 1]),
    );
    const text = this.#textOf(key);
    const typed = `${text} (${typeOf(key)})`;
    if (take(this.#taken, text)) return text;
    if (take(this.#taken, typed)) return typed;
    let numbered: string;
    do {
      const count = (this.#taken.get(hashed(typed)) ?? 0) + 1;
      this.#taken.set(hashed(typed), count);
      numbered = `${text} (${typeOf(key)}, ${count})`;
    } while (!take(this.#taken, numbered));
    return numbered;
  }
}

function take(taken: Map<string, number>, text: string): boolean {
  if (taken.has(hashed(text))) return false;
  taken.set(hashed(text), 1);
  return true;
}

function isText(key: PickleValue): key is string {
  return typeof key === 'string' && key.isWellFormed();
}

/** V8 hashes texts that look like numbers without a secret, so that a file could choose some that all collide. */
function hashed(text: string): string {
  return `\0${text}`;
}

const TYPE_NAMES: readonly (readonly [kind: abstract new (...args: never) => unknown, name: string])[] = [
  [PyFloat, 'float'],
  [PyTuple, 'tuple'],
  [Array, 'list'],
  [PyDict, 'dict'],
  [PySet, 'set'],
  [PyComplex, 'complex'],
  [Uint8Array, 'bytes'],
  [PyByteArray, 'bytearray'],
  [PyObject, 'object'],
];

/** What Python calls the type of a value, if it is one of its own. */
export function typeOf(value: PickleValue): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value !== 'object') return 'int';
  if (isTensor(value)) return 'tensor';
  return TYPE_NAMES.find(([kind]) => value instanceof kind)?.[1] ?? 'value';
}
