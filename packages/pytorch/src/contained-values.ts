import { type PickleValue, PyDict, PyObject, PySet, PyTuple } from './pickle-value.js';

/** A value inside another, and under which key or index it stands where it has one. */
export interface ContainedValue {
  readonly value: PickleValue;
  readonly key: PickleValue | undefined;
}

/** What a value holds, one level deep: items, values and keys, the parts of an object. */
export function* containedIn(value: PickleValue): Generator<ContainedValue> {
  if (value instanceof PyDict) yield* entriesOf(value);
  else if (value instanceof PyTuple) yield* itemsOf(value.items);
  else if (Array.isArray(value)) yield* itemsOf(value);
  else if (value instanceof PySet) yield* itemsOf(value);
  else if (value instanceof PyObject) {
    yield* itemsOf(value.args);
    if (value.dict !== undefined) yield* entriesOf(value.dict);
    if (value.list !== undefined) yield* itemsOf(value.list);
    if (value.state instanceof PyDict) yield* entriesOf(value.state);
    else yield { value: value.state, key: undefined };
  }
}

function* entriesOf(dict: PyDict): Generator<ContainedValue> {
  for (const [key, value] of dict) {
    if (typeof key === 'object' && key !== null) yield { value: key, key: undefined };
    yield { value, key };
  }
}

function* itemsOf(items: Iterable<PickleValue>): Generator<ContainedValue> {
  let index = 0;
  for (const value of items) yield { value, key: index++ };
}
