import { MAX_DEPTH } from '../limits.js';
import { OrderedDict, type PickleValue, PyDict, PySet, PyTuple } from '../pickle-value.js';
import type { PickleMachine } from './machine.js';
import { PickleGlobal } from './machine.js';

/** A container whose items are being looked at. */
interface Visit {
  readonly container: object;
  readonly items: Iterator<unknown>;
  depth: number;
}

/**
 * Checks what no single operation can see: nothing contains itself, nothing nests too deep, and no function or class is
 * left in place of data. Walks with a stack of its own and looks at each container once.
 * @throws FormatError PICKLE_CORRUPT, PICKLE_LIMIT, PICKLE_GLOBAL
 */
export function assertPlainData(machine: PickleMachine, root: unknown): asserts root is PickleValue {
  /** Levels below each container that is done; -1 while it is open. */
  const depths = new Map<object, number>();
  const open: Visit[] = [];
  const enter = (value: unknown): number => {
    if (value instanceof PickleGlobal) throw machine.strayGlobal(value);
    const items = itemsOf(value);
    if (items === undefined) return 0;
    const container = value as object;
    const known = depths.get(container);
    if (known === -1) throw machine.corrupt('holds a container that contains itself');
    if (known !== undefined) return known;
    depths.set(container, -1);
    open.push({ container, items, depth: 0 });
    if (open.length > MAX_DEPTH) throw machine.error('PICKLE_LIMIT', `nests more than ${MAX_DEPTH} deep`);
    return 0;
  };
  enter(root);
  for (let visit = open.at(-1); visit !== undefined; visit = open.at(-1)) {
    const { value, done } = visit.items.next();
    if (done !== true) {
      visit.depth = Math.max(visit.depth, enter(value));
      continue;
    }
    open.pop();
    const depth = visit.depth + 1;
    depths.set(visit.container, depth);
    const parent = open.at(-1);
    if (parent !== undefined) parent.depth = Math.max(parent.depth, depth);
    if (depth + open.length > MAX_DEPTH) throw machine.error('PICKLE_LIMIT', `nests more than ${MAX_DEPTH} deep`);
  }
}

function itemsOf(value: unknown): Iterator<unknown> | undefined {
  if (Array.isArray(value)) return value.values();
  if (value instanceof PySet) return value[Symbol.iterator]();
  if (value instanceof PyTuple) return value.items.values();
  if (value instanceof OrderedDict) return [...value.keys(), ...value.values(), ...value.attributes.values()].values();
  if (value instanceof PyDict) return [...value.keys(), ...value.values()].values();
  return undefined;
}
