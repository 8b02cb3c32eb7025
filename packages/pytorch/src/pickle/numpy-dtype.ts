import { NumpyDtype, type PickleValue, PyObject, PyTuple } from '../pickle-value.js';
import { COST } from './costs.js';
import type { Reducer } from './known-globals.js';
import type { PickleMachine } from './machine.js';
import { dateText, durationText, type TimeUnit } from './numpy-dates.js';

/** Booleans, integers, floats and complex numbers of the sizes that NumPy has. */
const PLAIN_CODE = /^(?:b1|[iu][1248]|f(?:2|4|8|16)|c(?:8|16|32))$/;

/** Objects, text, bytes, dates and durations: read where they are elements. */
const OTHER_CODE = /^[OSaUMm]\d{0,9}$/;

const MAX_SPEC_CHARACTERS = 40;

/** `numpy.dtype('f8', False, True)`; types of other elements stay an object, whose state follows. */
export const reduceDtype: Reducer = (machine, args, { fullName }) => {
  const [spec] = args;
  if (typeof spec !== 'string' || spec.length > MAX_SPEC_CHARACTERS) return undefined;
  const [, order = '', code = ''] = /^([<>|=]?)(\w+)$/.exec(spec) ?? [];
  machine.budget.allocate(COST.object);
  if (OTHER_CODE.test(code)) return new PyObject(fullName, args);
  if (!PLAIN_CODE.test(code)) return undefined;
  const dtype = new NumpyDtype(code);
  if (order !== '') dtype.byteOrder = asByteOrder(machine, order);
  return dtype;
};

/** State `(3, byte order, None, None, None, -1, -1, 0)`. */
export function setDtypeState(machine: PickleMachine, dtype: NumpyDtype, state: PickleValue): void {
  const [version, order, ...rest] = state instanceof PyTuple ? state.items.slice(0, 5) : [];
  const isPlain = (version === 3 || version === 4) && rest.every((item) => item === null);
  if (!isPlain || typeof order !== 'string')
    throw machine.corrupt('describes a numpy.dtype that is not a plain number');
  dtype.byteOrder = asByteOrder(machine, order);
}

/** How one element of an array or scalar is read. */
export interface ElementReader {
  readonly itemBytes: number;
  read(bytes: Buffer): PickleValue | undefined;
}

/** Whether elements are Python objects. */
export function isObjectDtype(dtype: PickleValue | undefined): boolean {
  return specOf(dtype)?.kind === 'O';
}

/** The reader of elements that are no plain numbers: text, bytes, dates and durations; undefined for any others. */
export function elementReader(dtype: PickleValue | undefined): ElementReader | undefined {
  const spec = specOf(dtype);
  if (spec === undefined || !(dtype instanceof PyObject)) return undefined;
  const { kind, size, isBigEndian } = spec;
  if (kind === 'S' || kind === 'a') return { itemBytes: size, read: trimmedBytes };
  if (kind === 'U') return { itemBytes: 4 * size, read: (bytes) => codePoints(bytes, isBigEndian) };
  const unit = unitOf(dtype);
  if (unit === undefined || size !== 8) return undefined;
  const text = kind === 'M' ? dateText : durationText;
  return { itemBytes: 8, read: (bytes) => text(isBigEndian ? bytes.readBigInt64BE() : bytes.readBigInt64LE(), unit) };
}

/** Bytes that one element of plain numbers takes. */
export function plainItemBytes({ code }: NumpyDtype): number {
  return Number(code.slice(1));
}

function specOf(dtype: PickleValue | undefined): { kind: string; size: number; isBigEndian: boolean } | undefined {
  if (!(dtype instanceof PyObject) || dtype.fullName !== 'numpy.dtype') return undefined;
  const [spec] = dtype.args;
  const [, order, kind, size] =
    /^([<>|=]?)([OSaUMm])(\d{0,9})(?:\[\w+\])?$/.exec(typeof spec === 'string' ? spec : '') ?? [];
  if (kind === undefined) return undefined;
  const stated = dtype.state instanceof PyTuple ? dtype.state.items[1] : order;
  return { kind, size: Number(size), isBigEndian: stated === '>' };
}

/** State `(4, byte order, None, None, None, -1, -1, 0, ({}, (unit, count, 1, 1)))`. */
function unitOf({ state }: PyObject): TimeUnit | undefined {
  const metadata = state instanceof PyTuple ? state.items[8] : undefined;
  const [, description] = metadata instanceof PyTuple ? metadata.items : [];
  const [unit, count] = description instanceof PyTuple ? description.items : [];
  const name = unit instanceof Uint8Array && unit.length <= 2 ? Buffer.from(unit).toString('latin1') : unit;
  return typeof name === 'string' && typeof count === 'number' ? { name, count: BigInt(count) } : undefined;
}

function trimmedBytes(bytes: Buffer): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return new Uint8Array(bytes.subarray(0, end));
}

function codePoints(bytes: Buffer, isBigEndian: boolean): string | undefined {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    if (point > 0x10ffff) return undefined;
    text += String.fromCodePoint(point);
  }
  return text.replace(/\0+$/, '');
}

function asByteOrder(machine: PickleMachine, order: string): NumpyDtype['byteOrder'] {
  if (order === '<' || order === '>' || order === '|' || order === '=') return order;
  throw machine.corrupt('states a byte order that numpy does not have');
}
