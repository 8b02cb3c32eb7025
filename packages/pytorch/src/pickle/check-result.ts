import { MAX_DEPTH } from '../limits.js';
import {
  OrderedDict,
  type PickleValue,
  PyByteArray,
  PyDict,
  PyGlobal,
  PyObject,
  PySet,
  PyTuple,
} from '../pickle-value.js';
import { COST } from './costs.js';
import { GuardedGlobal } from './known-globals.js';
import type { PickleMachine } from './machine.js';

/** A container whose items are being looked at. */
interface Visit {
  readonly container: object;
  readonly items: Iterator<PickleValue>;
  depth: number;
}

/** Tuples no longer than this are looked at anew rather than remembered: most are shapes and strides. */
const SHORT_TUPLE = 8;

/**
 * Checks what no single operation can see: nothing nests too deep (where a container contains itself, what is open
 * already counts as nothing), and no name is left that only an attack needs. Walks with a stack of its own and looks at
 * each container once.
 * @throws FormatError PICKLE_LIMIT, PICKLE_DANGEROUS; PICKLE_GLOBAL where names without a meaning are refused
 */
export function checkResult(machine: PickleMachine, root: PickleValue): void {
  /** Levels below each container that is done; 0 while it is open. */
  const depths = new Map<object, number>();
  const open: Visit[] = [];
  const enter = (value: PickleValue): number => {
    if (value instanceof PyGlobal) checkGlobal(machine, value);
    const container = asContainer(value);
    if (container === undefined) {
      if (value instanceof Uint8Array || value instanceof PyByteArray) machine.budget.allocate(COST.bytesVisit);
      return 0;
    }
    const known = depths.get(container);
    if (known !== undefined) return known;
    machine.budget.allocate(container instanceof PyObject ? COST.objectVisit : COST.visit);
    if (isFlat(container)) return 1;
    depths.set(container, 0);
    open.push({ container, items: itemsOf(container), depth: 0 });
    return 0;
  };
  enter(root);
  for (let visit = open.at(-1); visit !== undefined; visit = open.at(-1)) {
    if (open.length > MAX_DEPTH) throw tooDeep(machine);
    const { value, done } = visit.items.next();
    machine.budget.spend(COST.operation);
    if (done !== true) {
      visit.depth = Math.max(visit.depth, enter(value));
      continue;
    }
    open.pop();
    const depth = visit.depth + 1;
    depths.set(visit.container, depth);
    const parent = open.at(-1);
    if (parent !== undefined) parent.depth = Math.max(parent.depth, depth);
    if (depth + open.length > MAX_DEPTH) throw tooDeep(machine);
  }
}

type Container = PickleValue[] | PyTuple | PySet | PyDict | PyObject;

function asContainer(value: PickleValue): Container | undefined {
  const isContainer =
    Array.isArray(value) ||
    value instanceof PyTuple ||
    value instanceof PyDict ||
    value instanceof PySet ||
    value instanceof PyObject;
  return isContainer ? value : undefined;
}

/** Whether a container is empty, or a short tuple of what is no container. */
function isFlat(container: Container): boolean {
  if (container instanceof PyTuple) {
    return (
      container.items.length <= SHORT_TUPLE &&
      container.items.every((item) => typeof item !== 'object' || item === null)
    );
  }
  if (Array.isArray(container)) return container.length === 0;
  return !(container instanceof PyObject || container instanceof OrderedDict) && container.size === 0;
}

function* itemsOf(container: Container): Generator<PickleValue> {
  if (container instanceof PyTuple) yield* container.items;
  else if (container instanceof PyObject) {
    yield* container.args;
    yield container.state;
    if (container.dict !== undefined) yield container.dict;
    if (container.list !== undefined) yield container.list;
  } else if (container instanceof PyDict) {
    for (const [key, value] of container) {
      if (typeof key === 'object') yield key;
      yield value;
    }
    if (container instanceof OrderedDict && container.attributes.size > 0) yield container.attributes;
  } else yield* container;
}

function checkGlobal(machine: PickleMachine, global: PyGlobal): void {
  if (global instanceof GuardedGlobal) throw machine.dangerous(global.fullName);
  machine.refuseUnknown(global.fullName);
}

function tooDeep(machine: PickleMachine): Error {
  return machine.error('PICKLE_LIMIT', `nests more than ${MAX_DEPTH} deep`);
}
