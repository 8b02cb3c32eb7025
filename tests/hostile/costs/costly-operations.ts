import { join, text } from '../../../packages/pytorch/test-support/pickle-assembly.js';
import { OPERATIONS, type OperationName } from '../opcodes.js';
import { operation } from '../operation-writer.js';
import { COUNTS, dictOf, each, four, listOf, numbered, times, WHOLE_PICKLE } from './pickle-parts.js';

/** A value of a pickle that costs as much as one of its kind can. */
export interface CostlyValue {
  readonly name: string;
  readonly value: () => Uint8Array;
}

/** What an operation is given where it is done again and again. */
const SMALL_ARGUMENTS: Partial<Record<OperationName, string | Uint8Array>> = {
  INT: '5\n',
  LONG: '5L\n',
  LONG1: Buffer.of(1),
  LONG4: Buffer.of(1),
  STRING: "'a'\n",
  UNICODE: 'a\n',
  FLOAT: '1.5\n',
  BININT: four(70_000),
  BININT1: Buffer.of(7),
  BININT2: Buffer.of(7, 7),
  BINFLOAT: Buffer.from('3ff8000000000000', 'hex'),
  BINUNICODE: 'a',
  BINUNICODE8: 'a',
  SHORT_BINUNICODE: 'a',
  BINBYTES: 'a',
  SHORT_BINBYTES: 'a',
  BINBYTES8: 'a',
  BYTEARRAY8: 'a',
  BINSTRING: 'a',
  SHORT_BINSTRING: 'a',
  GLOBAL: 'trainer\nThing\n',
  EXT1: Buffer.of(1),
  EXT2: Buffer.of(1, 0),
  EXT4: four(1),
  PERSID: 'a\n',
  FRAME: Buffer.alloc(8),
  PROTO: Buffer.of(4),
  PUT: '5000\n',
  BINPUT: Buffer.of(200),
  LONG_BINPUT: four(5_000),
};

/** What must stand before an operation, each time that it is done. */
const BEFORE: Partial<Record<OperationName, Uint8Array>> = {
  LIST: operation('MARK'),
  TUPLE: operation('MARK'),
  DICT: operation('MARK'),
  FROZENSET: operation('MARK'),
  POP_MARK: operation('MARK'),
  INST: operation('MARK'),
  TUPLE1: operation('NONE'),
  TUPLE2: times(2, operation('NONE')),
  TUPLE3: times(3, operation('NONE')),
  POP: operation('NONE'),
  DUP: operation('NONE'),
  STACK_GLOBAL: join(text('trainer'), text('Thing')),
  REDUCE: join(operation('GLOBAL', 'trainer\nThing\n'), operation('EMPTY_TUPLE')),
  NEWOBJ: join(operation('GLOBAL', 'trainer\nThing\n'), operation('EMPTY_TUPLE')),
  NEWOBJ_EX: join(operation('GLOBAL', 'trainer\nThing\n'), operation('EMPTY_TUPLE'), operation('EMPTY_DICT')),
  OBJ: join(operation('MARK'), operation('GLOBAL', 'trainer\nThing\n')),
  BINPERSID: text('a'),
  BUILD: join(
    operation('GLOBAL', 'trainer\nThing\n'),
    operation('EMPTY_TUPLE'),
    operation('NEWOBJ'),
    operation('EMPTY_DICT'),
  ),
  APPEND: join(operation('EMPTY_LIST'), operation('NONE')),
  SETITEM: join(operation('EMPTY_DICT'), operation('NONE'), operation('NONE')),
  APPENDS: join(operation('EMPTY_LIST'), operation('MARK')),
  SETITEMS: join(operation('EMPTY_DICT'), operation('MARK')),
  ADDITEMS: join(operation('EMPTY_SET'), operation('MARK')),
  MEMOIZE: operation('NONE'),
  PUT: operation('NONE'),
  BINPUT: operation('NONE'),
  LONG_BINPUT: operation('NONE'),
  GET: join(operation('NONE'), operation('PUT', '5000\n')),
  BINGET: join(operation('NONE'), operation('BINPUT', Buffer.of(200))),
  LONG_BINGET: join(operation('NONE'), operation('LONG_BINPUT', four(5_000))),
};

const RECALLED: Partial<Record<OperationName, string | Uint8Array>> = {
  GET: '5000\n',
  BINGET: Buffer.of(200),
  LONG_BINGET: four(5_000),
  INST: 'trainer\nThing\n',
};

/** Every operation again and again, in a list that keeps what it leaves. */
const REPEATED: readonly CostlyValue[] = OPERATIONS.flatMap(([name]) => {
  if (name === 'STOP') return [];
  const unit = join(BEFORE[name] ?? Buffer.alloc(0), operation(name, SMALL_ARGUMENTS[name] ?? RECALLED[name]));
  return COUNTS.map((count) => ({ name: `${name}, ${count} times`, value: () => listOf(times(count, unit)) }));
});

const LENGTHS = [WHOLE_PICKLE, 16 << 20, 1 << 20, 100_000, 20_000];

/** What fills the argument of an operation that may be long. */
const FILLINGS: readonly (readonly [name: OperationName, filling: string, before?: string, after?: string])[] = [
  ['BINUNICODE', 'a'],
  ['BINUNICODE', 'é'],
  ['BINUNICODE', '€'],
  ['BINUNICODE', '😀'],
  ['BINUNICODE', '\u0001'],
  ['BINUNICODE8', 'é'],
  ['UNICODE', 'a', '', '\n'],
  ['UNICODE', '\\u20ac', '', '\n'],
  ['UNICODE', '\\U0001f600', '', '\n'],
  ['UNICODE', '\\ud800', '', '\n'],
  ['STRING', 'a', "'", "'\n"],
  ['STRING', '\\x80', "'", "'\n"],
  ['STRING', '\\', "'", "'\n"],
  ['BINSTRING', '\u0080'],
  ['BINBYTES', 'a'],
  ['BINBYTES8', 'a'],
  ['BYTEARRAY8', 'a'],
  ['LONG4', '\u0001'],
  ['LONG', '9', '', 'L\n'],
  ['INT', '9', '', '\n'],
  ['FLOAT', '9', '', '\n'],
  ['FLOAT', '0', '0.', '1\n'],
  ['GLOBAL', 'a.', 'trainer\n', 'b\n'],
  ['GLOBAL', 'a', 'trainer', '\nThing\n'],
  ['GLOBAL', '_', 'os.', '\nsystem\n'],
  ['PERSID', 'a', '', '\n'],
  ['GET', '9', '', '\n'],
  ['PUT', '9', '', '\n'],
];

const LONG: readonly CostlyValue[] = FILLINGS.flatMap(([name, filling, before = '', after = '']) =>
  LENGTHS.map((sizeBytes) => ({
    name: `${name} of ${sizeBytes} bytes of ${JSON.stringify(filling)}`,
    value: () => {
      const middle = Buffer.from(filling);
      return operation(
        name,
        join(Buffer.from(before), times(Number.POSITIVE_INFINITY, middle, sizeBytes), Buffer.from(after)),
      );
    },
  })),
);

const KEYS: readonly (readonly [name: string, make: (number: number) => Uint8Array])[] = [
  ['texts', (number) => numbered(number)],
  ['texts that look like numbers', (number) => text(String(number))],
  ['integers', (number) => operation('BININT', four(number))],
  ['integers that collide', (number) => operation('BININT', four(Math.imul(number, 1 << 14)))],
  ['long integers', (number) => operation('LONG1', join(Buffer.alloc(12), four(number)))],
  ['floats', (number) => operation('BINFLOAT', join(four(0x3ff0_0000), four(number)))],
  ['bytes', (number) => operation('SHORT_BINBYTES', four(number))],
  ['tuples', (number) => join(operation('BININT', four(number)), operation('TUPLE1'))],
  ['equal tuples', () => join(operation('BININT1', Buffer.of(1)), operation('TUPLE1'))],
  ['equal texts', () => text('k')],
  ['equal numbers that are no number', () => operation('BINFLOAT', Buffer.from('7ff8000000000000', 'hex'))],
  ['objects', () => join(operation('GLOBAL', 'a\nb\n'), operation('EMPTY_TUPLE'), operation('NEWOBJ'))],
  ['classes', (number) => operation('GLOBAL', `a\nb${number}\n`)],
];

/** Dicts and sets of many keys of each kind. */
const KEYED: readonly CostlyValue[] = KEYS.flatMap(([name, make]) =>
  [450_000, 150_000, 40_000, 10_000].flatMap((count) => [
    {
      name: `dict of ${count} ${name}`,
      value: () => dictOf(each(count, (number) => join(make(number), operation('NONE')))),
    },
    {
      name: `set of ${count} ${name}`,
      value: () => join(operation('EMPTY_SET'), operation('MARK'), each(count, make), operation('ADDITEMS')),
    },
  ]),
);

/** Values that are costly by an operation of theirs. */
export const COSTLY_OPERATIONS: readonly CostlyValue[] = [...REPEATED, ...LONG, ...KEYED];
