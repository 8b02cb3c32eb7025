import { OrderedDict, type PickleValue, PyCounter, PyDict, PyTuple } from '../pickle-value.js';
import { COST } from './costs.js';
import { chargeKey, copyEntries, makeList } from './items.js';
import type { Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';
import { PendingObject } from './pending-object.js';

/** The items of a list or tuple. */
export function itemsOf(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof PyTuple ? value.items : undefined;
}

/** Fills a dict with the entries of another, or with pairs; undefined if these are neither. */
export function entriesOf<D extends PyDict>(
  machine: PickleMachine,
  entries: PickleValue | undefined,
  into: D,
): D | undefined {
  machine.budget.allocate(COST.dict);
  if (entries instanceof PyDict) copyEntries(machine, entries, into);
  else if (entries !== undefined && !setPairs(machine, entries, into)) return undefined;
  return into;
}

/** `[[key, value], …]`, which is how Python 2 writes an OrderedDict. */
function setPairs(machine: PickleMachine, pairs: PickleValue, into: PyDict): boolean {
  for (const pair of itemsOf(pairs) ?? [null]) {
    const [key, value] = itemsOf(pair) ?? [];
    if (key === undefined || value === undefined) return false;
    chargeKey(machine, key);
    into.set(key, value);
  }
  return true;
}

const reduceOrderedDict: Reducer = (machine, [entries]) => entriesOf(machine, entries, new OrderedDict());

const reduceCounter: Reducer = (machine, [counts]) => entriesOf(machine, counts, new PyCounter());

/** `defaultdict(factory)`; what it makes of keys that are not there is of no interest. */
const reduceDefaultDict: Reducer = (machine, [, entries]) => entriesOf(machine, entries, new PyDict());

/** `deque(items, maximum length)`. */
const reduceDeque: Reducer = (machine, [items = []]) => {
  const found = itemsOf(items);
  return found && makeList(machine, found);
};

/** What an object is, by its attributes. */
type Finish = (machine: PickleMachine, state: PickleValue) => PickleValue | undefined;

/** Makes an object that becomes a value when its attributes are known. */
function pending(finish: Finish): Reducer {
  return (machine, args, { fullName }) => {
    if (args.length > 0) return undefined;
    machine.budget.allocate(COST.object);
    return new PendingObject(fullName, args, (state) => finish(machine, state));
  };
}

/** The attribute that holds all of an object: `data` of a UserDict. */
function attribute(name: string): Finish {
  return (_machine, state) => (state instanceof PyDict ? state.get(name) : undefined);
}

/** The dict that its attributes are. */
const namespaceOf: Finish = (_machine, state) => (state instanceof PyDict ? state : undefined);

/** One dict, in which the first map that has a key counts. */
const chainOf: Finish = (machine, state) => {
  const maps = state instanceof PyDict ? itemsOf(state.get('maps')) : undefined;
  if (maps?.every((map) => map instanceof PyDict) !== true) return undefined;
  machine.budget.allocate(COST.dict);
  const chain = new PyDict();
  for (const map of maps.toReversed()) copyEntries(machine, map, chain);
  return chain;
};

/** Containers of the standard library, each a dict, list or set as which it can be written down. */
export const COLLECTION_TYPES: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ['collections', 'OrderedDict', reduceOrderedDict],
  ['collections', 'Counter', reduceCounter],
  ['collections', 'defaultdict', reduceDefaultDict],
  ['collections', 'deque', reduceDeque],
  ['_collections', 'deque', reduceDeque],
  ['collections', 'ChainMap', pending(chainOf)],
  ['collections', 'UserDict', pending(attribute('data'))],
  ['collections', 'UserList', pending(attribute('data'))],
  ['collections', 'UserString', pending(attribute('data'))],
  // As Python 2 has them, and so protocol 2.
  ['UserDict', 'UserDict', pending(attribute('data'))],
  ['UserDict', 'IterableUserDict', pending(attribute('data'))],
  ['UserList', 'UserList', pending(attribute('data'))],
  ['UserString', 'UserString', pending(attribute('data'))],
  ['types', 'SimpleNamespace', pending(namespaceOf)],
  ['argparse', 'Namespace', pending(namespaceOf)],
];
