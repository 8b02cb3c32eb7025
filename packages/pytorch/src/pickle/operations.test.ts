import { FormatError } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { type Assembly, global, int, join, none, op, text } from '../../test-support/pickle-assembly.js';
import { pickleRefusal, readPickled, refusal, unpickled } from '../../test-support/small-checkpoint.js';
import { type PickleValue, PyByteArray, PyDict, PyFloat, PyObject, PySet, PyTuple } from '../pickle-value.js';
import { OPCODE } from './opcode.js';
import { findPickleEnd } from './pickle-extent.js';

function line(code: number, content: string): Assembly {
  return join(op(code), Buffer.from(`${content}\n`, 'latin1'));
}

/** With a length of 8 bytes. */
function long8(code: number, content: string): Assembly {
  return join(op(code, content.length, 0, 0, 0, 0, 0, 0, 0), Buffer.from(content, 'latin1'));
}

const mark = op(OPCODE.MARK);

/** Every operation of protocols 0 to 5, in the shortest pickle that uses it, and what comes of it. */
const EVERY: Readonly<Record<keyof typeof OPCODE, readonly [Assembly, PickleValue | { code: string }]>> = {
  MARK: [join(mark, op(OPCODE.TUPLE)), new PyTuple([])],
  STOP: [none, null],
  POP: [join(none, int(1), op(OPCODE.POP)), null],
  POP_MARK: [join(none, mark, int(1), op(OPCODE.POP_MARK)), null],
  DUP: [join(none, op(OPCODE.DUP), op(OPCODE.TUPLE2)), new PyTuple([null, null])],
  INT: [line(OPCODE.INT, '-12'), -12],
  LONG: [line(OPCODE.LONG, '1180591620717411303424L'), 2n ** 70n],
  FLOAT: [line(OPCODE.FLOAT, '-1e-05'), new PyFloat(-1e-5)],
  BINFLOAT: [op(OPCODE.BINFLOAT, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), new PyFloat(1.5)],
  BININT: [int(-5), -5],
  BININT1: [op(OPCODE.BININT1, 255), 255],
  BININT2: [op(OPCODE.BININT2, 0, 1), 256],
  LONG1: [op(OPCODE.LONG1, 1, 0xff), -1],
  LONG4: [op(OPCODE.LONG4, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80), -(2n ** 55n)],
  NONE: [none, null],
  NEWTRUE: [op(OPCODE.NEWTRUE), true],
  NEWFALSE: [op(OPCODE.NEWFALSE), false],
  STRING: [line(OPCODE.STRING, "'a\\x41\\n\\\\\\'\\101'"), "aA\n\\'A"],
  BINSTRING: [join(op(OPCODE.BINSTRING, 2, 0, 0, 0), Buffer.from('é')), 'é'],
  SHORT_BINSTRING: [op(OPCODE.SHORT_BINSTRING, 1, 0xe9), 'é'],
  UNICODE: [line(OPCODE.UNICODE, '\xe9\\u20ac\\U0001d11e'), 'é€𝄞'],
  BINUNICODE: [text('é'), 'é'],
  SHORT_BINUNICODE: [op(OPCODE.SHORT_BINUNICODE, 1, 0x61), 'a'],
  BINUNICODE8: [long8(OPCODE.BINUNICODE8, 'a'), 'a'],
  BINBYTES: [op(OPCODE.BINBYTES, 1, 0, 0, 0, 9), Uint8Array.of(9)],
  SHORT_BINBYTES: [op(OPCODE.SHORT_BINBYTES, 1, 9), Uint8Array.of(9)],
  BINBYTES8: [long8(OPCODE.BINBYTES8, '\t'), Uint8Array.of(9)],
  BYTEARRAY8: [long8(OPCODE.BYTEARRAY8, '\t'), new PyByteArray(Uint8Array.of(9))],
  NEXT_BUFFER: [op(OPCODE.NEXT_BUFFER), { code: 'PICKLE_OPCODE' }],
  READONLY_BUFFER: [join(none, op(OPCODE.READONLY_BUFFER)), { code: 'PICKLE_OPCODE' }],
  EMPTY_TUPLE: [op(OPCODE.EMPTY_TUPLE), new PyTuple([])],
  TUPLE: [join(mark, none, op(OPCODE.TUPLE)), new PyTuple([null])],
  TUPLE1: [join(none, op(OPCODE.TUPLE1)), new PyTuple([null])],
  TUPLE2: [join(none, int(1), op(OPCODE.TUPLE2)), new PyTuple([null, 1])],
  TUPLE3: [join(none, int(1), int(2), op(OPCODE.TUPLE3)), new PyTuple([null, 1, 2])],
  EMPTY_LIST: [op(OPCODE.EMPTY_LIST), []],
  LIST: [join(mark, none, op(OPCODE.LIST)), [null]],
  APPEND: [join(op(OPCODE.EMPTY_LIST), none, op(OPCODE.APPEND)), [null]],
  APPENDS: [join(op(OPCODE.EMPTY_LIST), mark, none, op(OPCODE.APPENDS)), [null]],
  EMPTY_DICT: [op(OPCODE.EMPTY_DICT), new PyDict()],
  DICT: [join(mark, none, int(1), op(OPCODE.DICT)), new PyDict([[null, 1]])],
  SETITEM: [join(op(OPCODE.EMPTY_DICT), none, int(1), op(OPCODE.SETITEM)), new PyDict([[null, 1]])],
  SETITEMS: [join(op(OPCODE.EMPTY_DICT), mark, none, int(1), op(OPCODE.SETITEMS)), new PyDict([[null, 1]])],
  EMPTY_SET: [op(OPCODE.EMPTY_SET), new PySet()],
  ADDITEMS: [join(op(OPCODE.EMPTY_SET), mark, none, op(OPCODE.ADDITEMS)), new PySet([null])],
  FROZENSET: [join(mark, none, op(OPCODE.FROZENSET)), new PySet([null])],
  PUT: [join(none, line(OPCODE.PUT, '0')), null],
  BINPUT: [join(none, op(OPCODE.BINPUT, 0)), null],
  LONG_BINPUT: [join(none, op(OPCODE.LONG_BINPUT, 0, 1, 0, 0)), null],
  MEMOIZE: [join(none, op(OPCODE.MEMOIZE)), null],
  GET: [join(int(1), op(OPCODE.MEMOIZE), line(OPCODE.GET, '0'), op(OPCODE.TUPLE2)), new PyTuple([1, 1])],
  BINGET: [join(int(1), op(OPCODE.MEMOIZE), op(OPCODE.BINGET, 0), op(OPCODE.TUPLE2)), new PyTuple([1, 1])],
  LONG_BINGET: [
    join(int(1), op(OPCODE.MEMOIZE), op(OPCODE.LONG_BINGET, 0, 0, 0, 0), op(OPCODE.TUPLE2)),
    new PyTuple([1, 1]),
  ],
  GLOBAL: [join(global('t', 'A'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE)), new PyObject('t.A')],
  STACK_GLOBAL: [
    join(text('t'), text('A'), op(OPCODE.STACK_GLOBAL), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE)),
    new PyObject('t.A'),
  ],
  REDUCE: [join(global('t', 'A'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE)), new PyObject('t.A')],
  NEWOBJ: [join(global('t', 'A'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.NEWOBJ)), new PyObject('t.A')],
  NEWOBJ_EX: [
    join(global('t', 'A'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.EMPTY_DICT), op(OPCODE.NEWOBJ_EX)),
    new PyObject('t.A'),
  ],
  OBJ: [join(mark, global('t', 'A'), op(OPCODE.OBJ)), new PyObject('t.A')],
  INST: [join(mark, op(OPCODE.INST), Buffer.from('t\nA\n')), new PyObject('t.A')],
  BUILD: [join(op(OPCODE.EMPTY_DICT), none, op(OPCODE.BUILD)), new PyDict()],
  PERSID: [line(OPCODE.PERSID, 'x'), { code: 'PICKLE_OPCODE' }],
  BINPERSID: [join(none, op(OPCODE.BINPERSID)), { code: 'PICKLE_CORRUPT' }],
  EXT1: [op(OPCODE.EXT1, 1), { code: 'PICKLE_OPCODE' }],
  EXT2: [op(OPCODE.EXT2, 1, 0), { code: 'PICKLE_OPCODE' }],
  EXT4: [op(OPCODE.EXT4, 1, 0, 0, 0), { code: 'PICKLE_OPCODE' }],
  PROTO: [join(op(OPCODE.PROTO, 0), none), null],
  FRAME: [join(op(OPCODE.FRAME, 1, 0, 0, 0, 0, 0, 0, 0), none), null],
};

describe.each(Object.entries(EVERY))('%s', (_name, [assembly, expected]) => {
  it('is read or refused', async () => {
    if (typeof expected === 'object' && expected !== null && 'code' in expected) {
      await expect(unpickled(assembly)).rejects.toBeInstanceOf(FormatError);
      expect(await pickleRefusal(assembly)).toBe(expected.code);
    } else {
      const { root } = await readPickled(join(assembly, op(OPCODE.STOP)));
      expect(root).toEqual(expected);
    }
  });

  it('is followed to its end', () => {
    const whole = join(assembly, op(OPCODE.STOP));
    expect(findPickleEnd(join(whole, text('more')))).toBe(whole.length);
    for (let length = 0; length < whole.length; length++) {
      expect(findPickleEnd(whole.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('arguments', () => {
  it.each<[string, Assembly, PickleValue]>([
    ['False of protocol 0', line(OPCODE.INT, '00'), false],
    ['True of protocol 0', line(OPCODE.INT, '01'), true],
    ['an integer with underscores', line(OPCODE.LONG, '+1_000L'), 1000],
    ['NaN', line(OPCODE.FLOAT, 'nan'), new PyFloat(Number.NaN)],
    ['minus infinity', line(OPCODE.FLOAT, '-inf'), new PyFloat(Number.NEGATIVE_INFINITY)],
    ['a text in other quotes', line(OPCODE.STRING, '"it\'s"'), "it's"],
    ['lone surrogates', join(op(OPCODE.BINUNICODE, 7, 0, 0, 0), Buffer.from('61eda080edbfbf', 'hex')), 'a\ud800\udfff'],
    ['4,300 digits', line(OPCODE.LONG, `${'9'.repeat(4_299)}8L`), BigInt(`${'9'.repeat(4_299)}8`)],
  ])('hold %s', async (_name, assembly, expected) => {
    expect(await unpickled(assembly)).toEqual(expected);
  });

  it.each<[string, Assembly, string]>([
    ['an integer of letters', line(OPCODE.INT, '0x10'), 'PICKLE_CORRUPT'],
    ['an empty integer', line(OPCODE.INT, ''), 'PICKLE_CORRUPT'],
    ['4,301 digits', line(OPCODE.LONG, '9'.repeat(4_301)), 'PICKLE_CORRUPT'],
    ['an integer of 2,000 bytes', join(op(OPCODE.LONG4, 0xd0, 7, 0, 0), Buffer.alloc(2_000, 1)), 'PICKLE_LIMIT'],
    ['an integer of more bytes than there are', op(OPCODE.LONG4, 0xff, 0xff, 0xff, 0xff), 'PICKLE_CORRUPT'],
    ['a float that is none', line(OPCODE.FLOAT, '1.5.2'), 'PICKLE_CORRUPT'],
    ['a text without quotes', line(OPCODE.STRING, 'x'), 'PICKLE_CORRUPT'],
    ['a text of one quote', line(OPCODE.STRING, "'"), 'PICKLE_CORRUPT'],
    ['a character that does not exist', line(OPCODE.UNICODE, '\\U00110000'), 'PICKLE_CORRUPT'],
    ['half a surrogate', op(OPCODE.BINUNICODE, 2, 0, 0, 0, 0xed, 0xa0), 'PICKLE_CORRUPT'],
    ['a memo below zero', join(none, line(OPCODE.PUT, '-1')), 'PICKLE_CORRUPT'],
    ['a memo far away', join(none, op(OPCODE.LONG_BINPUT, 0, 0, 0, 1)), 'PICKLE_LIMIT'],
    ['a length beyond the file', long8(OPCODE.BINBYTES8, '').fill(0xff, 1), 'PICKLE_CORRUPT'],
  ])('are refused for %s', async (_name, assembly, code) => {
    expect(await pickleRefusal(assembly)).toBe(code);
  });

  it('may begin without a protocol', async () => {
    expect(await refusal(readPickled(join(none, op(OPCODE.STOP))))).toBe('accepted');
  });
});
