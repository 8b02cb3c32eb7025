import { PyDict, PyFloat, PySet, PyTuple } from '../pickle-value.js';
import { applyBuild } from './build.js';
import { resolveGlobal } from './globals.js';
import { addItems, appendItems, setItems } from './items.js';
import type { PickleMachine } from './machine.js';
import { FunctionGlobal } from './machine.js';
import { OPCODE } from './opcode.js';

/** An operation a checkpoint may use, and the pickle protocol it came with. */
export interface Operation {
  readonly protocol: number;
  run(machine: PickleMachine): void;
}

/** Little-endian two's complement of any length. */
function toInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(bytes.length * 8, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function reduce(machine: PickleMachine): void {
  const args = machine.pop();
  const callee = machine.pop();
  if (!(callee instanceof FunctionGlobal)) throw machine.corrupt('calls something that is not a function');
  if (!(args instanceof PyTuple))
    throw machine.corrupt(`calls \`${callee.fullName}\` with something other than a tuple`);
  machine.chargeReduced(0);
  machine.push(callee.reduce(machine, args, callee.fullName));
}

function persistentId(machine: PickleMachine): void {
  const id = machine.pop();
  if (!(id instanceof PyTuple)) throw machine.corrupt('has a persistent id that is not a tuple');
  machine.push(machine.context.loadStorage(id));
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop();
  const module = machine.pop();
  if (typeof module !== 'string' || typeof name !== 'string')
    throw machine.corrupt('names a global by other than text');
  machine.push(resolveGlobal(machine, module, name));
}

function global(machine: PickleMachine): void {
  const module = machine.readLine();
  machine.push(resolveGlobal(machine, module, machine.readLine()));
}

function tupleOf(count: number): (machine: PickleMachine) => void {
  return (machine) => {
    const items = Array.from({ length: count }, () => machine.pop());
    machine.pushTuple(items.reverse());
  };
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

function frame(machine: PickleMachine): void {
  const length = machine.readUint64();
  if (length > BigInt(machine.bytes.length - machine.position)) throw machine.corrupt('ends in the middle of a frame');
}

const RUNS: readonly (readonly [code: number, protocol: number, run: (machine: PickleMachine) => void])[] = [
  [OPCODE.MARK, 2, (m) => m.pushMark()],
  [OPCODE.GLOBAL, 2, global],
  [OPCODE.REDUCE, 2, reduce],
  [OPCODE.BUILD, 2, applyBuild],
  [OPCODE.BINPERSID, 2, persistentId],
  [OPCODE.NONE, 2, (m) => m.push(null)],
  [OPCODE.NEWTRUE, 2, (m) => m.push(true)],
  [OPCODE.NEWFALSE, 2, (m) => m.push(false)],
  [OPCODE.BININT, 2, (m) => m.push(m.readInt32())],
  [OPCODE.BININT1, 2, (m) => m.push(m.readUint8())],
  [OPCODE.BININT2, 2, (m) => m.push(m.readUint16())],
  [OPCODE.LONG1, 2, (m) => m.push(toInteger(m.readBytes(m.readUint8())))],
  [OPCODE.BINFLOAT, 2, (m) => m.push(new PyFloat(m.readFloat64BigEndian()))],
  [OPCODE.BINUNICODE, 2, (m) => m.push(m.readText(m.readUint32()))],
  [OPCODE.EMPTY_DICT, 2, (m) => m.push(new PyDict())],
  [OPCODE.EMPTY_LIST, 2, (m) => m.push([])],
  [OPCODE.EMPTY_TUPLE, 2, (m) => m.pushTuple([])],
  [OPCODE.TUPLE, 2, (m) => m.pushTuple(m.popToMark())],
  [OPCODE.TUPLE1, 2, tupleOf(1)],
  [OPCODE.TUPLE2, 2, tupleOf(2)],
  [OPCODE.TUPLE3, 2, tupleOf(3)],
  [OPCODE.APPEND, 2, append],
  [OPCODE.APPENDS, 2, appendsToMark],
  [OPCODE.SETITEM, 2, setItem],
  [OPCODE.SETITEMS, 2, setItemsToMark],
  [OPCODE.BINPUT, 2, (m) => m.memoize(m.readUint8())],
  [OPCODE.LONG_BINPUT, 2, (m) => m.memoize(m.readUint32())],
  [OPCODE.BINGET, 2, (m) => m.recall(m.readUint8())],
  [OPCODE.LONG_BINGET, 2, (m) => m.recall(m.readUint32())],
  [OPCODE.BINBYTES, 3, (m) => m.push(m.readBytes(m.readUint32()).slice())],
  [OPCODE.SHORT_BINBYTES, 3, (m) => m.push(m.readBytes(m.readUint8()).slice())],
  [OPCODE.SHORT_BINUNICODE, 4, (m) => m.push(m.readText(m.readUint8()))],
  [OPCODE.MEMOIZE, 4, (m) => m.memoize(m.memo.size)],
  [OPCODE.FRAME, 4, frame],
  [OPCODE.STACK_GLOBAL, 4, stackGlobal],
  [OPCODE.EMPTY_SET, 4, (m) => m.push(new PySet())],
  [OPCODE.ADDITEMS, 4, addItemsToMark],
];

/** Operations by code. PROTO and STOP are not among them: they stand at the start and the end only. */
export const OPERATIONS: ReadonlyMap<number, Operation> = new Map(
  RUNS.map(([code, protocol, run]) => [code, { protocol, run }]),
);
