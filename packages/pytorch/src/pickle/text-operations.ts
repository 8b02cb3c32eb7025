import { type PickleValue, PyFloat } from '../pickle-value.js';
import { COST } from './costs.js';
import { parseInteger } from './integers.js';
import type { PickleMachine } from './machine.js';
import { decodePython2, unescapeUnicode, unquote } from './python-text.js';

/** INT: decimal digits, or 00 and 01 for False and True. */
export function readInt(machine: PickleMachine): PickleValue {
  const line = machine.readLine().toString('latin1');
  if (line === '00' || line === '01') return line === '01';
  return wholeNumber(machine, line);
}

/** LONG: decimal digits and mostly an L. */
export function readLong(machine: PickleMachine): PickleValue {
  return wholeNumber(machine, machine.readLine().toString('latin1').replace(/L$/, ''));
}

/** The number in a line of GET and PUT. */
export function readIndex(machine: PickleMachine): number {
  const index = wholeNumber(machine, machine.readLine().toString('latin1'));
  if (typeof index !== 'number' || index < 0) throw machine.corrupt('numbers a value in a way that Python does not');
  return index;
}

/** FLOAT: what `repr` makes of one. */
export function readFloat(machine: PickleMachine): PickleValue {
  const line = machine.readLine().toString('latin1');
  machine.budget.allocate(COST.float);
  const [, sign, word] = /^([+-]?)(inf|nan)$/i.exec(line) ?? [];
  if (word !== undefined) {
    const value = word.toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
    return new PyFloat(sign === '-' ? -value : value);
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(line)) throw machine.corrupt('holds a float that is not one');
  return new PyFloat(Number(line));
}

/** STRING: the `repr` of a `str` of Python 2. */
export function readString(machine: PickleMachine): PickleValue {
  const line = machine.readLine();
  machine.budget.allocate(ESCAPE_BYTES * line.length);
  const bytes = unquote(line.toString('latin1'));
  if (bytes === undefined) throw machine.corrupt('holds a text without quotes');
  return decodePython2(bytes);
}

/** UNICODE: Latin-1 with escapes. */
export function readUnicode(machine: PickleMachine): PickleValue {
  const line = machine.readLine();
  machine.budget.allocate(ESCAPE_BYTES * line.length);
  const text = unescapeUnicode(line.toString('latin1'));
  if (text === undefined) throw machine.corrupt('holds a character that does not exist');
  return text;
}

/** Each two characters can be an escape, of which V8 keeps note while it replaces them. */
const ESCAPE_BYTES = 60;

function wholeNumber(machine: PickleMachine, digits: string): number | bigint {
  const value = parseInteger(digits);
  if (value === undefined) throw machine.corrupt('holds an integer that is not one, or has more than 4,300 digits');
  machine.budget.allocate(digits.length);
  return value;
}
