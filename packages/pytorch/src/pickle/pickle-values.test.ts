import { describe, expect, it } from 'vitest';
import {
  type Assembly,
  bytes,
  call,
  dict,
  dtype,
  dtypeState,
  global,
  int,
  join,
  list,
  long,
  no,
  none,
  op,
  pickle4,
  text,
  tuple,
  yes,
} from '../../test-support/pickle-assembly.js';
import { readPickled, unpickled } from '../../test-support/small-checkpoint.js';
import {
  NumpyArray,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyCounter,
  type PyDict,
  PyFloat,
  PySet,
  PyTuple,
  TorchDevice,
  TorchDtype,
  TorchSize,
} from '../pickle-value.js';
import { OPCODE } from './opcode.js';

describe('values', () => {
  it.each<[string, Assembly, PickleValue]>([
    ['None', none, null],
    ['booleans', yes, true],
    ['a negative int', int(-5), -5],
    ['a small int', op(OPCODE.BININT1, 255), 255],
    ['a larger int', op(OPCODE.BININT2, 0xff, 0xff), 65_535],
    ['a long that is exact', long(-(2n ** 53n) + 1n), -(2 ** 53) + 1],
    ['a long that is not', long(2n ** 62n), 2n ** 62n],
    ['an empty long', op(OPCODE.LONG1, 0), 0],
    ['a float', op(OPCODE.BINFLOAT, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), new PyFloat(1.5)],
    ['text', text('\ufeffé\u0000𝄞'), '\ufeffé\u0000𝄞'],
    ['a list', list(int(1), text('x')), [1, 'x']],
    ['tuples', join(int(1), op(OPCODE.TUPLE1), int(2), op(OPCODE.TUPLE2)), new PyTuple([new PyTuple([1]), 2])],
    ['an empty tuple', op(OPCODE.EMPTY_TUPLE), new PyTuple([])],
    ['bytes', bytes('a\u00ff'), Uint8Array.of(0x61, 0xff)],
    ['a bytearray', call('builtins', 'bytearray', bytes('ab')), new PyByteArray(Uint8Array.of(0x61, 0x62))],
    [
      'a bytearray of protocol 2',
      call('__builtin__', 'bytearray', text('\u00e9'), text('latin-1')),
      new PyByteArray(Uint8Array.of(0xe9)),
    ],
    ['a set', call('__builtin__', 'set', list(int(1), int(2))), new PySet([1, 2])],
    ['a Counter', call('collections', 'Counter', dict(text('a'), int(2))), new PyCounter([['a', 2]])],
    ['a torch.Size', call('torch', 'Size', tuple(int(14), int(8))), new TorchSize([14, 8])],
    ['a torch.device', call('torch', 'device', text('cuda'), int(1)), new TorchDevice('cuda', 1)],
    ['a dtype', global('torch', 'bfloat16'), new TorchDtype('bfloat16')],
    [
      'a complex',
      call(
        'builtins',
        'complex',
        op(OPCODE.BINFLOAT, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0),
        op(OPCODE.BINFLOAT, 0xc0, 0, 0, 0, 0, 0, 0, 0),
      ),
      new PyComplex(1, -2),
    ],
  ])('reads %s', async (_name, assembly, expected) => {
    const value = await unpickled(assembly);
    expect(value).toEqual(expected);
    expect(value?.constructor).toBe(expected?.constructor);
  });

  it('reads a dict in order, with keys that would harm an object', async () => {
    const value = await unpickled(dict(text('__proto__'), int(1), text('constructor'), int(2), int(0), none));
    expect([...(value as PyDict)]).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
      [0, null],
    ]);
  });

  it('reads an OrderedDict with its attributes', async () => {
    const value = await unpickled(
      call('collections', 'OrderedDict'),
      text('k'),
      int(1),
      op(OPCODE.SETITEM),
      dict(text('_metadata'), list()),
      op(OPCODE.BUILD),
    );
    expect(value).toBeInstanceOf(OrderedDict);
    expect([...(value as OrderedDict)]).toEqual([['k', 1]]);
    expect([...(value as OrderedDict).attributes]).toEqual([['_metadata', []]]);
  });

  it('shares what the memo shares', async () => {
    const value = await unpickled(
      list(list(), op(OPCODE.BINPUT, 7), op(OPCODE.BINGET, 7), op(OPCODE.LONG_BINGET, 7, 0, 0, 0)),
    );
    const items = value as PickleValue[];
    expect(items[1]).toBe(items[0]);
    expect(items[2]).toBe(items[0]);
  });

  it.each(['numpy.core.multiarray', 'numpy._core.multiarray'])('reads numbers and arrays of %s', async (module) => {
    const scalar = await unpickled(call(module, 'scalar', join(dtype('i2'), dtypeState('<')), bytes('\u0001\u0000')));
    expect(scalar).toBeInstanceOf(NumpyScalar);
    expect(scalar).toMatchObject({ module, dtype: { code: 'i2', byteOrder: '<' }, bytes: Uint8Array.of(1, 0) });
    const array = await unpickled(
      call(module, '_reconstruct', global('numpy', 'ndarray'), tuple(int(0)), bytes('b')),
      tuple(int(1), tuple(int(2)), dtype('<u1'), no, bytes('\u0005\u0006')),
      op(OPCODE.BUILD),
    );
    expect(array).toBeInstanceOf(NumpyArray);
    expect(array).toMatchObject({ shape: [2], bytes: Uint8Array.of(5, 6), dtype: { code: 'u1', byteOrder: '<' } });
  });

  it('keeps keys apart that look alike, in the order of the file', async () => {
    const keys: readonly [Assembly, PickleValue][] = [
      [text('1'), '1'],
      [int(1), 1],
      [text('\0n1'), '\0n1'],
      [text('\0s1'), '\0s1'],
      [text(''), ''],
      [none, null],
    ];
    const entries = keys.map(([key], index) => join(key, int(index)));
    const read = (await unpickled(dict(...entries, join(yes, int(9)), join(text('1'), int(8))))) as PyDict;
    expect([...read]).toEqual(keys.map(([, key], index) => [key, index === 0 ? 8 : index === 1 ? 9 : index]));
    expect(read.delete('1') && read.delete(true)).toBe(true);
    expect([...read.keys()]).toEqual(['\0n1', '\0s1', '', null]);
  });

  it('reads the operations of protocol 4', async () => {
    const short = (value: string): Assembly => join(op(OPCODE.SHORT_BINUNICODE, value.length), Buffer.from(value));
    const value = await readPickled(
      pickle4(
        op(OPCODE.FRAME, 5, 0, 0, 0, 0, 0, 0, 0),
        list(
          short('a'),
          op(OPCODE.MEMOIZE),
          op(OPCODE.BINGET, 0),
          op(OPCODE.SHORT_BINBYTES, 1, 9),
          op(OPCODE.BINBYTES, 1, 0, 0, 0, 8),
          join(op(OPCODE.EMPTY_SET), op(OPCODE.MARK), int(3), op(OPCODE.ADDITEMS)),
          join(short('torch'), short('float16'), op(OPCODE.STACK_GLOBAL)),
        ),
      ),
    );
    expect(value.root).toEqual([
      'a',
      'a',
      Uint8Array.of(9),
      Uint8Array.of(8),
      new PySet([3]),
      new TorchDtype('float16'),
    ]);
  });
});
