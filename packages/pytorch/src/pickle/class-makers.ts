import { type PickleValue, PyDict, PyGlobal, PyObject } from '../pickle-value.js';
import { call } from './calls.js';
import { COST } from './costs.js';
import { FunctionGlobal, type Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';

/** `copyreg.__newobj__(class, …)`, and `__newobj_ex__(class, arguments, named arguments)`, described alike. */
const reduceNewObject: Reducer = (machine, [type, ...args]) => instantiate(machine, type, args);

/** `copyreg._reconstructor(class, base, state)`: an object of a class, and what it holds as one of its base class. */
const reduceReconstructor: Reducer = (machine, [type, , state = null]) => {
  const isKnown = type instanceof FunctionGlobal;
  const isContainer = state instanceof PyDict || Array.isArray(state);
  const object = instantiate(machine, type, state === null || (isContainer && !isKnown) ? [] : [state]);
  if (!(object instanceof PyObject) || isKnown) return object;
  if (state instanceof PyDict) object.dict = state;
  if (Array.isArray(state)) object.list = state;
  return object;
};

/** Makers of objects that are not makers themselves: one would call the other as deep as the file likes. */
function instantiate(
  machine: PickleMachine,
  type: PickleValue | undefined,
  args: readonly PickleValue[],
): PickleValue | undefined {
  const isClass = type instanceof PyGlobal && !(type instanceof FunctionGlobal && MAKERS.has(type.reduce));
  machine.budget.allocate(args.length * COST.item);
  return isClass ? call(machine, type, args) : undefined;
}

const MAKERS: ReadonlySet<Reducer> = new Set([reduceNewObject, reduceReconstructor]);

/** Functions by which the first protocols make objects, under the names of both Pythons. */
export const CLASS_MAKERS: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  'copyreg',
  'copy_reg',
].flatMap((module) => [
  [module, '_reconstructor', reduceReconstructor] as const,
  [module, '__newobj__', reduceNewObject] as const,
  [module, '__newobj_ex__', reduceNewObject] as const,
]);
