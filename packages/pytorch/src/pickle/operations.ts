import { type PickleValue, PyByteArray, PyDict, PyFloat, PySet, PyTuple } from '../pickle-value.js';
import { applyBuild } from './build.js';
import { call, makeObject, newObjectEx, reduce } from './calls.js';
import { COST } from './costs.js';
import { resolveGlobal } from './globals.js';
import { decodeInteger } from './integers.js';
import { addItems, appendItems, makeSet, setItems } from './items.js';
import type { PickleMachine } from './machine.js';
import { OPCODE } from './opcode.js';
import { decodeText } from './python-text.js';
import { readFloat, readIndex, readInt, readLong, readString, readUnicode } from './text-operations.js';

/** What an operation does. */
type Operation = (machine: PickleMachine) => void;

const HIGHEST_PROTOCOL = 5;

function protocol(machine: PickleMachine): void {
  const version = machine.readUint8();
  if (version <= HIGHEST_PROTOCOL) return;
  throw machine.error('PICKLE_OPCODE', `is a pickle of protocol ${version}; save it with protocol 2, the default`);
}

function extension(machine: PickleMachine): void {
  throw machine.error(
    'PICKLE_OPCODE',
    'uses codes of the extension registry, which only the program that saved it has',
  );
}

function outOfBand(machine: PickleMachine): void {
  throw machine.error('PICKLE_OPCODE', 'refers to buffers outside the file; save it without a buffer_callback');
}

function textPersistentId(machine: PickleMachine): void {
  throw machine.error(
    'PICKLE_OPCODE',
    'has persistent ids of protocol 0, which cannot name a storage; save it with protocol 2',
  );
}

function persistentId(machine: PickleMachine): void {
  const id = machine.pop();
  if (!(id instanceof PyTuple)) throw machine.corrupt('has a persistent id that is not a tuple');
  machine.budget.allocate(COST.storage);
  machine.push(machine.context.loadPersistent(id));
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  const module = machine.pop();
  if (typeof module !== 'string' || typeof name !== 'string')
    throw machine.corrupt('names a global by other than text');
  machine.push(resolveGlobal(machine, module, name));
}

function namedByLines(machine: PickleMachine): PickleValue {
  const [module, name] = [decodeText(machine.readLine()), decodeText(machine.readLine())];
  if (module === undefined || name === undefined) throw machine.corrupt('has a name that is not UTF-8');
  return resolveGlobal(machine, module, name);
}

/** INST: a class named by lines, and its arguments since the last mark. */
function instance(machine: PickleMachine): void {
  const type = namedByLines(machine);
  machine.push(call(machine, type, machine.popToMark()));
}

function tupleOf(count: number): Operation {
  return (machine) => {
    const items = Array.from({ length: count }, () => machine.pop());
    machine.pushTuple(items.reverse());
  };
}

const INTEGER_WORK = 150;

function pushInteger(machine: PickleMachine, length: number): void {
  const bytes = machine.readBytes(length);
  const value = decodeInteger(bytes);
  if (value === undefined) throw machine.error('PICKLE_LIMIT', 'holds an integer of more than 4,300 digits');
  machine.budget.allocate(COST.integer + 2 * bytes.length);
  machine.budget.spend(INTEGER_WORK);
  machine.push(value);
}

function pushFloat(machine: PickleMachine): void {
  machine.budget.allocate(COST.float);
  machine.push(new PyFloat(machine.readFloat64BigEndian()));
}

function readCopy(machine: PickleMachine, length: number): Uint8Array {
  const bytes = machine.readBytes(length);
  machine.budget.allocate(COST.bytes + bytes.length);
  return new Uint8Array(bytes);
}

function pushList(machine: PickleMachine, items: PickleValue[]): void {
  machine.budget.allocate(COST.list + items.length * COST.item);
  machine.push(items);
}

function pushDict(machine: PickleMachine, items: readonly PickleValue[]): void {
  machine.budget.allocate(COST.dict);
  const dict = new PyDict();
  setItems(machine, dict, items);
  machine.push(dict);
}

function setItem(machine: PickleMachine): void {
  const value = machine.pop();
  const key = machine.pop();
  setItems(machine, machine.top(), [key, value]);
}

function setItemsToMark(machine: PickleMachine): void {
  const items = machine.popToMark();
  setItems(machine, machine.top(), items);
}

function append(machine: PickleMachine): void {
  const item = machine.pop();
  appendItems(machine, machine.top(), [item]);
}

function appendsToMark(machine: PickleMachine): void {
  const items = machine.popToMark();
  appendItems(machine, machine.top(), items);
}

function addItemsToMark(machine: PickleMachine): void {
  const items = machine.popToMark();
  addItems(machine, machine.top(), items);
}

function pushEmptySet(machine: PickleMachine): void {
  machine.budget.allocate(COST.set);
  machine.push(new PySet());
}

function frame(machine: PickleMachine): void {
  const length = machine.readUint64();
  if (length > machine.bytes.length - machine.position) throw machine.corrupt('ends in the middle of a frame');
}

/** Operations by code. STOP is not among them. */
export const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [OPCODE.PROTO, protocol],
  [OPCODE.FRAME, frame],
  [OPCODE.MARK, (m) => m.pushMark()],
  [OPCODE.POP, (m) => m.discard()],
  [OPCODE.POP_MARK, (m) => void m.popToMark()],
  [OPCODE.DUP, (m) => m.push(m.top())],
  [OPCODE.NONE, (m) => m.push(null)],
  [OPCODE.NEWTRUE, (m) => m.push(true)],
  [OPCODE.NEWFALSE, (m) => m.push(false)],
  [OPCODE.INT, (m) => m.push(readInt(m))],
  [OPCODE.BININT, (m) => m.push(m.readInt32())],
  [OPCODE.BININT1, (m) => m.push(m.readUint8())],
  [OPCODE.BININT2, (m) => m.push(m.readUint16())],
  [OPCODE.LONG, (m) => m.push(readLong(m))],
  [OPCODE.LONG1, (m) => pushInteger(m, m.readUint8())],
  [OPCODE.LONG4, (m) => pushInteger(m, m.readUint32())],
  [OPCODE.FLOAT, (m) => m.push(readFloat(m))],
  [OPCODE.BINFLOAT, pushFloat],
  [OPCODE.STRING, (m) => m.push(readString(m))],
  [OPCODE.BINSTRING, (m) => m.push(m.readPython2Text(m.readUint32()))],
  [OPCODE.SHORT_BINSTRING, (m) => m.push(m.readPython2Text(m.readUint8()))],
  [OPCODE.UNICODE, (m) => m.push(readUnicode(m))],
  [OPCODE.BINUNICODE, (m) => m.push(m.readText(m.readUint32()))],
  [OPCODE.SHORT_BINUNICODE, (m) => m.push(m.readText(m.readUint8()))],
  [OPCODE.BINUNICODE8, (m) => m.push(m.readText(m.readUint64()))],
  [OPCODE.BINBYTES, (m) => m.push(readCopy(m, m.readUint32()))],
  [OPCODE.SHORT_BINBYTES, (m) => m.push(readCopy(m, m.readUint8()))],
  [OPCODE.BINBYTES8, (m) => m.push(readCopy(m, m.readUint64()))],
  [OPCODE.BYTEARRAY8, (m) => m.push(new PyByteArray(readCopy(m, m.readUint64())))],
  [OPCODE.NEXT_BUFFER, outOfBand],
  [OPCODE.READONLY_BUFFER, outOfBand],
  [OPCODE.EMPTY_TUPLE, (m) => m.pushTuple([])],
  [OPCODE.TUPLE, (m) => m.pushTuple(m.popToMark())],
  [OPCODE.TUPLE1, tupleOf(1)],
  [OPCODE.TUPLE2, tupleOf(2)],
  [OPCODE.TUPLE3, tupleOf(3)],
  [OPCODE.EMPTY_LIST, (m) => pushList(m, [])],
  [OPCODE.LIST, (m) => pushList(m, m.popToMark())],
  [OPCODE.APPEND, append],
  [OPCODE.APPENDS, appendsToMark],
  [OPCODE.EMPTY_DICT, (m) => pushDict(m, [])],
  [OPCODE.DICT, (m) => pushDict(m, m.popToMark())],
  [OPCODE.SETITEM, setItem],
  [OPCODE.SETITEMS, setItemsToMark],
  [OPCODE.EMPTY_SET, pushEmptySet],
  [OPCODE.ADDITEMS, addItemsToMark],
  [OPCODE.FROZENSET, (m) => m.push(makeSet(m, m.popToMark()))],
  [OPCODE.PUT, (m) => m.memoize(readIndex(m))],
  [OPCODE.BINPUT, (m) => m.memoize(m.readUint8())],
  [OPCODE.LONG_BINPUT, (m) => m.memoize(m.readUint32())],
  [OPCODE.MEMOIZE, (m) => m.memoizeNext()],
  [OPCODE.GET, (m) => m.recall(readIndex(m))],
  [OPCODE.BINGET, (m) => m.recall(m.readUint8())],
  [OPCODE.LONG_BINGET, (m) => m.recall(m.readUint32())],
  [OPCODE.PERSID, textPersistentId],
  [OPCODE.BINPERSID, persistentId],
  [OPCODE.GLOBAL, (m) => m.push(namedByLines(m))],
  [OPCODE.STACK_GLOBAL, stackGlobal],
  [OPCODE.REDUCE, reduce],
  [OPCODE.NEWOBJ, reduce],
  [OPCODE.NEWOBJ_EX, newObjectEx],
  [OPCODE.INST, instance],
  [OPCODE.OBJ, makeObject],
  [OPCODE.BUILD, applyBuild],
  [OPCODE.EXT1, extension],
  [OPCODE.EXT2, extension],
  [OPCODE.EXT4, extension],
]);
