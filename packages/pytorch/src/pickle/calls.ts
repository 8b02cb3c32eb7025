import { type PickleValue, PyDict, PyGlobal, PyObject, PyTuple } from '../pickle-value.js';
import { COST } from './costs.js';
import { FunctionGlobal } from './known-globals.js';
import type { PickleMachine } from './machine.js';

/**
 * What calling something comes to: a value if it means something, else a description. Nothing is ever run.
 * @throws FormatError PICKLE_CORRUPT, PICKLE_GLOBAL, and what the reducers throw
 */
export function call(machine: PickleMachine, callee: PickleValue, args: readonly PickleValue[]): PickleValue {
  machine.budget.spend(COST.call);
  if (callee instanceof FunctionGlobal) {
    return callee.reduce(machine, args, callee) ?? machine.describe(callee.fullName, args);
  }
  if (callee instanceof PyGlobal || callee instanceof PyObject) return machine.describe(callee.fullName, args);
  throw machine.corrupt('calls something that is not a function');
}

/** REDUCE and NEWOBJ: they differ in Python only in how an object is made, which nothing here is. */
export function reduce(machine: PickleMachine): void {
  const args = asArguments(machine, machine.pop());
  machine.push(call(machine, machine.pop(), args));
}

/** NEWOBJ_EX: the arguments by name come after the others, as a dict. */
export function newObjectEx(machine: PickleMachine): void {
  const named = machine.pop();
  const args = asArguments(machine, machine.pop());
  if (!(named instanceof PyDict)) throw machine.corrupt('makes an object with named arguments that are no dict');
  machine.budget.allocate(args.length * COST.item);
  machine.push(call(machine, machine.pop(), named.size === 0 ? args : [...args, named]));
}

/** OBJ: a class and its arguments since the last mark. */
export function makeObject(machine: PickleMachine): void {
  const [callee, ...args] = machine.popToMark();
  if (callee === undefined) throw machine.corrupt('makes an object of no class');
  machine.push(call(machine, callee, args));
}

function asArguments(machine: PickleMachine, args: PickleValue): readonly PickleValue[] {
  if (args instanceof PyTuple) return args.items;
  throw machine.corrupt('calls something with other than a tuple of arguments');
}
