import { type PickleValue, PyDict, PyFloat, PyObject, PyTuple } from '@caissa/pytorch';
import { attributesOf } from './module-weights.js';

/** What a container holds by key: items of a dict, a list or a tuple; arguments, attributes and items of an object. */
export function* entriesOf(value: object): Generator<readonly [key: PickleValue, value: PickleValue]> {
  if (value instanceof PyDict) yield* value;
  else if (Array.isArray(value)) yield* value.entries();
  else if (value instanceof PyTuple) yield* value.items.entries();
  else if (value instanceof PyObject) {
    // What a dict was made of may be replaced by the items that it was given then.
    if (value.dict === undefined || value.dict.size === 0) yield* value.args.entries();
    for (const attributes of attributesOf(value)) yield* attributes;
    yield* value.dict ?? [];
    yield* value.list?.entries() ?? [];
  }
}

/** Whether a container holds nothing, or the value is none. */
export function isEmpty(value: object): boolean {
  return entriesOf(value).next().done === true;
}

/** Whether a container holds anything but numbers, texts, truth values and None. */
export function holdsObjects(value: object): boolean {
  for (const [, item] of entriesOf(value)) {
    if (typeof item === 'object' && item !== null && !(item instanceof PyFloat)) return true;
  }
  return false;
}
