import { PyByteArray, PyComplex, PyDict, PyFloat, PyGlobal, PyTuple } from '../pickle-value.js';
import { entriesOf, itemsOf } from './collection-types.js';
import { COST } from './costs.js';
import { makeList, makeSet } from './items.js';
import type { Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';

/** Items of a range that are listed; longer ones are described. */
const MAX_RANGE_ITEMS = 1_000;

/** `_codecs.encode(text, 'latin1')`: how protocol 2 writes bytes. */
const reduceEncode: Reducer = (machine, [text, encoding]) =>
  typeof text === 'string' && encoding === 'latin1' ? encodeLatin1(machine, text) : undefined;

/** `bytes()`: how protocol 2 writes empty ones; and `bytes(bytes)`. */
const reduceBytes: Reducer = (_machine, [content]) => {
  if (content === undefined) return new Uint8Array(0);
  return content instanceof Uint8Array ? content : undefined;
};

/** `bytearray()`, `bytearray(bytes)`, or as protocol 2 has it `bytearray(text, 'latin-1')`. */
const reduceByteArray: Reducer = (machine, [content, encoding]) => {
  if (content === undefined) return new PyByteArray(new Uint8Array(0));
  if (typeof content === 'string' && encoding === 'latin-1') {
    const bytes = encodeLatin1(machine, content);
    return bytes && new PyByteArray(bytes);
  }
  if (!(content instanceof Uint8Array)) return undefined;
  machine.budget.allocate(COST.bytes + content.length);
  return new PyByteArray(content.slice());
};

/** `complex(real, imaginary)`. */
const reduceComplex: Reducer = (_machine, [real, imaginary]) =>
  real instanceof PyFloat && imaginary instanceof PyFloat ? new PyComplex(real.value, imaginary.value) : undefined;

const reduceSet: Reducer = (machine, [items = []]) => {
  const found = itemsOf(items);
  return found && makeSet(machine, found);
};

const reduceList: Reducer = (machine, [items = []]) => {
  const found = itemsOf(items);
  return found && makeList(machine, found);
};

const reduceTuple: Reducer = (machine, [items = []]) => {
  const found = itemsOf(items);
  return found && new PyTuple(makeList(machine, found));
};

const reduceDict: Reducer = (machine, [entries]) => entriesOf(machine, entries, new PyDict());

/** `range(start, stop, step)`, and `xrange`: a list, if it is short. */
const reduceRange: Reducer = (machine, args) => {
  const [start, stop, step] = args.length === 1 ? [0, args[0], 1] : [args[0], args[1], args[2] ?? 1];
  const isWhole = typeof start === 'number' && typeof stop === 'number' && typeof step === 'number' && step !== 0;
  if (!isWhole) return undefined;
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > MAX_RANGE_ITEMS) return undefined;
  return makeList(
    machine,
    Array.from({ length: count }, (_, index) => start + index * step),
  );
};

/** `str(text)`, `int(number)` and their like, as subclasses of them are pickled. */
const reduceItself: Reducer = (_machine, args) => {
  const [value] = args;
  const isPlain = value instanceof PyFloat || (typeof value !== 'object' && value !== undefined);
  return args.length === 1 && isPlain ? value : undefined;
};

/** `type(None)` and its like name a class that cannot be named otherwise; with more arguments it makes one. */
const reduceType: Reducer = (_machine, args) =>
  args.length === 1 && args[0] === null ? new PyGlobal('builtins.NoneType') : undefined;

function encodeLatin1(machine: PickleMachine, text: string): Uint8Array | undefined {
  machine.budget.allocate(COST.bytes + 2 * text.length);
  const bytes = Buffer.from(text, 'latin1');
  return bytes.toString('latin1') === text ? new Uint8Array(bytes) : undefined;
}

const BUILTINS: Readonly<Record<string, Reducer>> = {
  bytes: reduceBytes,
  bytearray: reduceByteArray,
  complex: reduceComplex,
  set: reduceSet,
  frozenset: reduceSet,
  list: reduceList,
  tuple: reduceTuple,
  dict: reduceDict,
  range: reduceRange,
  xrange: reduceRange,
  str: reduceItself,
  unicode: reduceItself,
  int: reduceItself,
  long: reduceItself,
  float: reduceItself,
  bool: reduceItself,
  type: reduceType,
};

/** Python's own types, under the names of both Pythons. */
export const BUILTIN_TYPES: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ['_codecs', 'encode', reduceEncode],
  ...['builtins', '__builtin__'].flatMap((module) =>
    Object.entries(BUILTINS).map(([name, reducer]) => [module, name, reducer] as const),
  ),
];
