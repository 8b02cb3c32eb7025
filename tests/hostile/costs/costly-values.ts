import {
  call,
  dtype,
  dtypeState,
  global,
  int,
  join,
  long,
  storage,
  tensor,
  text,
  tuple,
} from '../../../packages/pytorch/test-support/pickle-assembly.js';
import { operation } from '../operation-writer.js';
import type { CostlyValue } from './costly-operations.js';
import { dictOf, each, get, listOf, numbered, put, remembered, times, WHOLE_PICKLE } from './pickle-parts.js';

const bytes = (count: number): Buffer => operation('BINBYTES', Buffer.alloc(count, 1));
const state = (...items: Uint8Array[]): Buffer => join(tuple(...items), operation('BUILD'));

/** A NumPy array of these dimensions and this type, whose elements are what stands there. */
const array = (shape: Uint8Array, type: Uint8Array, data: Uint8Array): Uint8Array =>
  join(
    call(
      'numpy._core.multiarray',
      '_reconstruct',
      global('numpy', 'ndarray'),
      tuple(int(0)),
      operation('SHORT_BINBYTES', 'b'),
    ),
    state(int(1), shape, type, operation('NEWFALSE'), data),
  );

const f8 = join(dtype('f8'), dtypeState('<'));
const plain = (code: string, order = '<'): Uint8Array => join(dtype(code), dtypeState(order));

/** So many levels, each of which holds the one below it several times. */
const unfolding = (levels: number, times_: number): Uint8Array => {
  const level = (number: number) => remembered(number + 1, listOf(times(times_, get(number))));
  return join(remembered(0, text('x'.repeat(1_000))), each(levels, level), get(levels));
};

const nested = (depth: number, open: Uint8Array, close: Uint8Array): Uint8Array =>
  join(times(depth, open), operation('NONE'), times(depth, close));

/** Arrays, tensors and ranges that say more of themselves than the file has. */
const LARGER_THAN_THE_FILE: readonly CostlyValue[] = [
  { name: 'range of 10^9', value: () => call('builtins', 'range', int(0), int(1_000_000_000), int(1)) },
  {
    name: 'range of 2^70',
    value: () =>
      call('builtins', 'range', int(0), operation('LONG1', Buffer.from('00000000000000004000', 'hex')), int(1)),
  },
  {
    name: 'ranges of 20,000, again and again',
    value: () => listOf(times(20_000, call('builtins', 'range', int(0), int(20_000), int(1)))),
  },
  {
    name: 'array without elements of 10^9',
    value: () => array(tuple(int(1_000_000_000), int(0)), f8, operation('SHORT_BINBYTES', '')),
  },
  {
    name: 'array of 10^9 elements of no size',
    value: () => array(tuple(int(1_000_000_000)), plain('V0', '|'), operation('SHORT_BINBYTES', '')),
  },
  { name: 'tensor of one element, 10^9 times', value: () => tensor({ shape: [int(1_000_000_000)], stride: [int(0)] }) },
  {
    name: 'tensor without elements of 10^9',
    value: () => tensor({ shape: [int(1_000_000_000), int(0)], stride: [int(1), int(1)] }),
  },
  { name: 'storage of 2^62 elements', value: () => storage('7', long(1n << 62n)) },
  { name: 'decimal with an exponent of 10^9', value: () => call('decimal', 'Decimal', text('1e999999999')) },
  { name: 'fraction of long numbers', value: () => call('fractions', 'Fraction', text(`${'9'.repeat(1 << 20)}/7`)) },
  { name: 'path of a million parts', value: () => call('pathlib', 'PurePosixPath', times(500_000, text('a'))) },
  { name: 'size of a million axes', value: () => call('torch', 'Size', tuple(times(500_000, int(1)))) },
];

/** Arrays of the largest size, of each kind of element. */
const ARRAYS: readonly CostlyValue[] = [
  'f8',
  'f2',
  'c16',
  'i8',
  'u8',
  'b1',
  'M8',
  'm8',
  'S1',
  'U1',
  'S1000000',
  'U1000000',
  'V1',
].flatMap((code) =>
  [WHOLE_PICKLE, 1 << 20, 64_000].map((sizeBytes) => ({
    name: `array of ${sizeBytes} bytes of ${code}`,
    value: () => {
      const width = Number(/\d+$/.exec(code)?.[0]) * (code.startsWith('U') ? 4 : 1) * (/^[Mm]/.test(code) ? 1 : 1);
      const count = Math.floor(sizeBytes / width);
      return array(tuple(int(count)), plain(code), bytes(count * width));
    },
  })),
);

const SHAPES: readonly CostlyValue[] = [
  { name: 'array of a million axes', value: () => array(tuple(times(500_000, int(1))), f8, bytes(8)) },
  {
    name: 'tensor of a million axes',
    value: () => tensor({ shape: [times(500_000, int(1))], stride: [times(500_000, int(1))] }),
  },
  { name: 'arrays again and again', value: () => listOf(times(100_000, array(tuple(int(1)), f8, bytes(8)))) },
  {
    name: 'arrays of one shape of 100,000 axes',
    value: () =>
      join(
        remembered(0, tuple(times(100_000, int(1)))),
        remembered(1, f8),
        listOf(times(30_000, array(get(0), get(1), bytes(8)))),
      ),
  },
  {
    name: 'tensors of one shape of 100,000 axes',
    value: () =>
      join(remembered(0, times(100_000, int(1))), listOf(times(30_000, tensor({ shape: [get(0)], stride: [get(0)] })))),
  },
  {
    name: 'tensors again and again',
    value: () => listOf(times(150_000, tensor({ shape: [int(1)], stride: [int(1)] }))),
  },
  { name: 'storages again and again', value: () => listOf(times(300_000, storage('0', int(4)))) },
  {
    name: 'array of objects',
    value: () => array(tuple(int(400_000)), plain('O', '|'), listOf(times(400_000, operation('NONE')))),
  },
  {
    name: 'dtype of many fields',
    value: () =>
      join(
        dtype('V8'),
        state(
          int(3),
          text('|'),
          operation('NONE'),
          tuple(each(100_000, (number) => numbered(number))),
          dictOf(each(100_000, (number) => join(numbered(number), f8, int(0), operation('TUPLE2')))),
          int(8),
          int(1),
          int(0),
        ),
      ),
  },
];

/** What unfolds, and what stands in itself. */
const FOLDED: readonly CostlyValue[] = [
  { name: 'ten levels of ten', value: () => unfolding(10, 10) },
  { name: 'five levels of 1,000', value: () => unfolding(5, 1_000) },
  { name: 'two levels of 100,000', value: () => unfolding(2, 100_000) },
  {
    name: 'a text of 1 MB, named again and again',
    value: () => join(remembered(0, text('x'.repeat(1 << 20))), listOf(times(500_000, get(0)))),
  },
  {
    name: 'a key of 1 MB, named again and again',
    value: () =>
      join(remembered(0, text('x'.repeat(1 << 20))), listOf(times(60_000, dictOf(get(0), operation('NONE'))))),
  },
  {
    name: 'bytes of 1 MB, named again and again',
    value: () => join(remembered(0, bytes(1 << 20)), listOf(times(500_000, get(0)))),
  },
  {
    name: 'an array of 1 MB, named again and again',
    value: () => join(remembered(0, array(tuple(int(1 << 17)), f8, bytes(1 << 20))), listOf(times(500_000, get(0)))),
  },
  {
    name: 'a tensor of the weights, named again and again',
    value: () => join(remembered(0, tensor({ shape: [int(1)], stride: [int(1)] })), listOf(times(500_000, get(0)))),
  },
  {
    name: 'a list that holds itself, again and again',
    value: () => join(operation('EMPTY_LIST'), put(0), operation('MARK'), times(500_000, get(0)), operation('APPENDS')),
  },
  {
    name: 'many containers that each hold all',
    value: () =>
      join(
        operation('EMPTY_LIST'),
        put(0),
        operation('MARK'),
        times(200_000, join(operation('EMPTY_LIST'), get(0), operation('APPEND'))),
        operation('APPENDS'),
      ),
  },
  { name: 'lists 1,000 deep', value: () => nested(990, operation('EMPTY_LIST'), operation('APPEND')) },
  {
    name: 'tuples a million deep',
    value: () => nested(900_000, Buffer.alloc(1, operation('MARK')), operation('TUPLE')),
  },
  { name: 'tuples of one a million deep', value: () => nested(900_000, operation('MARK'), operation('TUPLE')) },
  {
    name: 'dicts 900 deep under long keys',
    value: () => nested(900, join(operation('EMPTY_DICT'), text('k'.repeat(10_000))), operation('SETITEM')),
  },
  {
    name: 'objects 900 deep',
    value: () =>
      nested(900, join(global('trainer', 'Thing'), operation('EMPTY_TUPLE'), operation('NEWOBJ')), operation('BUILD')),
  },
];

/** Values that are costly by what they say they are, or by how they stand in one another. */
export const COSTLY_VALUES: readonly CostlyValue[] = [...LARGER_THAN_THE_FILE, ...ARRAYS, ...SHAPES, ...FOLDED];
