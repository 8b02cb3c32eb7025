import { call, global, int, join, text, tuple } from '../../../packages/pytorch/test-support/pickle-assembly.js';
import { operation } from '../operation-writer.js';
import type { CostlyValue } from './costly-operations.js';
import { COUNTS, dictOf, each, get, listOf, numbered, put, remembered, times } from './pickle-parts.js';

/** What a call can be given that costs: a text, a list, a dict, … that stands in the file once. */
const LARGE: readonly (readonly [name: string, value: () => Uint8Array])[] = [
  ['text', () => text('x'.repeat(1 << 20))],
  ['digits', () => text('9'.repeat(1 << 20))],
  ['bytes', () => operation('BINBYTES', Buffer.alloc(1 << 20))],
  ['list', () => listOf(times(200_000, operation('NONE')))],
  ['list of ones', () => listOf(times(200_000, int(1)))],
  ['tuple of ones', () => tuple(times(200_000, int(1)))],
  ['list of pairs', () => listOf(times(60_000, join(operation('NONE'), operation('NONE'), operation('TUPLE2'))))],
  ['dict', () => dictOf(each(100_000, (number) => join(numbered(number), operation('NONE'))))],
  ['long integer', () => operation('LONG4', Buffer.alloc(1 << 20, 1))],
];

const CALLED: readonly (readonly [module: string, name: string])[] = [
  ['collections', 'OrderedDict'],
  ['collections', 'Counter'],
  ['collections', 'deque'],
  ['collections', 'defaultdict'],
  ['collections', 'UserDict'],
  ['builtins', 'set'],
  ['builtins', 'frozenset'],
  ['builtins', 'list'],
  ['builtins', 'tuple'],
  ['builtins', 'dict'],
  ['builtins', 'bytearray'],
  ['builtins', 'bytes'],
  ['builtins', 'complex'],
  ['builtins', 'range'],
  ['builtins', 'slice'],
  ['builtins', 'int'],
  ['builtins', 'float'],
  ['builtins', 'str'],
  ['_codecs', 'encode'],
  ['datetime', 'datetime'],
  ['datetime', 'date'],
  ['datetime', 'timedelta'],
  ['pathlib', 'PurePosixPath'],
  ['pathlib', 'PureWindowsPath'],
  ['uuid', 'UUID'],
  ['decimal', 'Decimal'],
  ['fractions', 'Fraction'],
  ['argparse', 'Namespace'],
  ['functools', 'partial'],
  ['re', '_compile'],
  ['torch', 'Size'],
  ['torch', 'device'],
  ['torch.torch_version', 'TorchVersion'],
  ['torch.serialization', '_get_layout'],
  ['numpy', 'dtype'],
  ['numpy._core.multiarray', '_reconstruct'],
  ['numpy._core.multiarray', 'scalar'],
  ['numpy._core.numeric', '_frombuffer'],
  ['torch._utils', '_rebuild_tensor_v2'],
  ['torch._utils', '_rebuild_parameter'],
  ['torch._utils', '_rebuild_sparse_tensor'],
  ['torch._utils', '_rebuild_qtensor'],
  ['torch._utils', '_rebuild_nested_tensor'],
  ['torch._utils', '_rebuild_meta_tensor_no_storage'],
  ['torch._utils', '_rebuild_device_tensor_from_numpy'],
  ['torch._tensor', '_rebuild_from_type_v2'],
  ['copyreg', '_reconstructor'],
  ['trainer', 'Thing'],
];

/** Every function that means something, called again and again with the same large argument, which the file has once. */
const REPEATED: readonly CostlyValue[] = CALLED.flatMap(([module, name]) =>
  LARGE.map(([kind, value]) => ({
    name: `${module}.${name} of a large ${kind}, again and again`,
    value: () => {
      const callOf = remembered(1, global(module, name));
      const each = join(get(1), get(0), operation('TUPLE1'), operation('REDUCE'));
      return join(remembered(0, value()), callOf, listOf(times(60_000, each)));
    },
  })),
);

/** States and items that are given to one object again and again. */
const GIVEN: readonly (readonly [name: string, given: Uint8Array])[] = [
  ['BUILD', join(get(0), operation('BUILD'))],
  ['BUILD of a pair', join(get(0), get(0), operation('TUPLE2'), operation('BUILD'))],
  ['SETITEM', join(get(0), get(0), operation('SETITEM'))],
  ['APPEND', join(get(0), operation('APPEND'))],
  ['NEWOBJ', join(operation('POP'), global('trainer', 'Thing'), get(0), operation('TUPLE1'), operation('NEWOBJ'))],
];

const TARGETS: readonly (readonly [name: string, target: () => Uint8Array])[] = [
  ['object', () => call('trainer', 'Thing')],
  ['OrderedDict', () => call('collections', 'OrderedDict')],
  ['namespace', () => call('argparse', 'Namespace')],
  [
    'array',
    () =>
      call(
        'numpy._core.multiarray',
        '_reconstruct',
        global('numpy', 'ndarray'),
        tuple(int(0)),
        operation('SHORT_BINBYTES', 'b'),
      ),
  ],
  ['dtype', () => call('numpy', 'dtype', text('f8'), operation('NEWFALSE'), operation('NEWTRUE'))],
];

const BUILT: readonly CostlyValue[] = TARGETS.flatMap(([target, make]) =>
  GIVEN.flatMap(([name, given]) =>
    LARGE.map(([kind, value]) => ({
      name: `${name} of a large ${kind} on one ${target}, again and again`,
      value: () => join(remembered(0, value()), make(), put(1), times(100_000, given)),
    })),
  ),
);

/** Things that are described: their names, and where they stand, must not add up. */
const DESCRIBED: readonly CostlyValue[] = COUNTS.slice(1).flatMap((count) => [
  {
    name: `${count} objects of different classes`,
    value: () =>
      listOf(
        each(Math.min(count, 300_000), (number) =>
          join(global('trainer', `Thing${number}`), operation('EMPTY_TUPLE'), operation('NEWOBJ')),
        ),
      ),
  },
  {
    name: `${count} objects under long keys`,
    value: () =>
      dictOf(
        each(Math.min(count, 60_000), (number) => join(numbered(number, 'k'.repeat(1_000)), call('trainer', 'Thing'))),
      ),
  },
  {
    name: `the same object ${count} times`,
    value: () => join(remembered(0, call('trainer', 'Thing')), listOf(times(count, get(0)))),
  },
]);

/** Values that are costly by a call, or by what is made of one. */
export const COSTLY_CALLS: readonly CostlyValue[] = [...REPEATED, ...BUILT, ...DESCRIBED];
