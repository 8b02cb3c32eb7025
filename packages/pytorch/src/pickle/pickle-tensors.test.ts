import { describe, expect, it } from 'vitest';
import {
  type Assembly,
  call,
  dict,
  global,
  int,
  join,
  list,
  long,
  no,
  none,
  op,
  repeat,
  storage,
  tensor,
  text,
  tuple,
  yes,
} from '../../test-support/pickle-assembly.js';
import { pickleRefusal, unpickled } from '../../test-support/small-checkpoint.js';
import { PyDict, PyGlobal, PyObject, PyStorage, type TorchDtype, type TorchSize } from '../pickle-value.js';
import { OPCODE } from './opcode.js';

describe('tensors and storages', () => {
  const plain = { shape: [int(4)], stride: [int(1)] };

  it.each<[string, Assembly]>([
    ['a storage that claims more', tensor(plain, storage('0', int(5)))],
    ['a storage that claims less', tensor(plain, storage('0', int(3)))],
    ['a storage of a wider type', tensor(plain, storage('0', int(4), global('torch', 'DoubleStorage')))],
    ['a storage that is not there', tensor(plain, storage('7', int(4)))],
    [
      'one storage as two types',
      tuple(tensor(plain), tensor(plain, storage('0', int(4), global('torch', 'IntStorage')))),
    ],
  ])('gives STORAGE_SIZE for %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('STORAGE_SIZE');
  });

  it.each<[string, Parameters<typeof tensor>[0]]>([
    ['one element too many', { shape: [int(5)], stride: [int(1)] }],
    ['an offset past the end', { ...plain, offset: int(1) }],
    ['a negative offset', { ...plain, offset: int(-1) }],
    ['a negative stride', { shape: [int(2)], stride: [int(-1)], offset: int(3) }],
    ['a negative size', { shape: [int(-1)], stride: [int(1)] }],
    ['a stride past the end', { shape: [int(2), int(2)], stride: [int(3), int(1)] }],
    ['a stride that overflows', { shape: [int(3), int(3)], stride: [long(2n ** 53n - 1n), long(2n ** 53n - 1n)] }],
    ['sizes that overflow', { shape: [int(2 ** 30), int(2 ** 30)], stride: [int(0), int(0)] }],
    [
      'a size that wraps to zero in 64 bits',
      { shape: [int(2 ** 30), int(2 ** 30), int(16)], stride: [int(0), int(0), int(0)] },
    ],
    ['more strides than axes', { shape: [int(4)], stride: [int(1), int(1)] }],
    ['an empty view past the end', { shape: [int(0)], stride: [int(1)], offset: int(5) }],
  ])('gives TENSOR_BOUNDS for %s', async (_name, view) => {
    expect(await pickleRefusal(tensor(view))).toBe('TENSOR_BOUNDS');
  });

  it('bounds what views without strides amount to, one or many', async () => {
    const huge = tensor({ shape: [int(2 ** 30)], stride: [int(0)] });
    expect(await pickleRefusal(huge)).toBe('OUTPUT_LIMIT');
    const large = tensor({ shape: [int(2 ** 20)], stride: [int(0)] });
    expect(await pickleRefusal(tuple(large, large))).toBe('accepted');
    expect(await pickleRefusal(list(repeat(large, 40)))).toBe('OUTPUT_LIMIT');
  });

  it('reads every way to rebuild a tensor', async () => {
    const hooks = call('collections', 'OrderedDict');
    const holder = storage('0', int(4));
    const view = [int(0), tuple(int(4)), tuple(int(1))];
    const untyped = storage('0', int(16), global('torch.storage', 'UntypedStorage'));
    const v2 = tensor(plain);
    const parameter = call('torch._utils', '_rebuild_parameter', v2, yes, hooks);
    const old = await unpickled(call('torch._utils', '_rebuild_tensor', holder, ...view));
    expect(old).toMatchObject({ dtype: 'float32', shape: [4], requiresGrad: false });
    const half = call(
      'torch._utils',
      '_rebuild_tensor_v3',
      untyped,
      int(0),
      tuple(int(8)),
      tuple(int(1)),
      yes,
      hooks,
      global('torch', 'float16'),
    );
    expect(await unpickled(half)).toMatchObject({
      dtype: 'float16',
      shape: [8],
      requiresGrad: true,
      storage: { dtype: 'uint8' },
    });
    expect(await unpickled(parameter)).toMatchObject({ requiresGrad: true, isParameter: true });
    const withState = call('torch._utils', '_rebuild_parameter_with_state', v2, no, hooks, dict(text('a'), none));
    expect(await unpickled(withState)).toMatchObject({ requiresGrad: false, isParameter: true });
    const typed = (type: Assembly): Assembly =>
      call(
        'torch._tensor',
        '_rebuild_from_type_v2',
        global('torch._utils', '_rebuild_tensor'),
        type,
        tuple(holder, ...view),
        dict(text('a'), none),
      );
    expect(await unpickled(typed(global('torch.nn.parameter', 'Parameter')))).toMatchObject({ shape: [4] });
    expect(await unpickled(typed(global('trainer', 'Weight')))).toMatchObject({ shape: [4] });
    const bare = await unpickled(untyped);
    expect(bare).toBeInstanceOf(PyStorage);
    expect(bare).toMatchObject({ isUntyped: true, storage: { sizeBytes: 16 } });
  });

  it.each<[string, Assembly]>([
    ['too few arguments', call('torch._utils', '_rebuild_tensor_v2', storage('0', int(4)), int(0))],
    ['text for a storage', tensor(plain, text('0'))],
    ['a float size', tensor({ shape: [op(OPCODE.BINFLOAT, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)], stride: [int(1)] })],
    ['a parameter of text', call('torch._utils', '_rebuild_parameter', text('x'), yes, none)],
    ['a persistent id that is text', join(text('0'), op(OPCODE.BINPERSID))],
    ['a persistent id of another kind', join(tuple(text('file'), text('/etc/passwd')), op(OPCODE.BINPERSID))],
    ['a storage key that is a path', storage('../data.pkl', int(4))],
    [
      'a storage key that is a number',
      join(tuple(text('storage'), global('torch', 'FloatStorage'), int(0), text('cpu'), int(4)), op(OPCODE.BINPERSID)),
    ],
    ['a storage class that is a function', storage('0', int(4), global('collections', 'OrderedDict'))],
    ['a negative count', storage('0', int(-4))],
    ['a count that is no exact number', storage('0', long(2n ** 62n))],
  ])('gives PICKLE_CORRUPT for %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('PICKLE_CORRUPT');
  });

  const rebuild = (...rest: readonly Assembly[]): Assembly =>
    call('torch._utils', '_rebuild_tensor_v2', storage('0', int(4)), int(0), tuple(int(4)), tuple(int(1)), ...rest);

  it('passes over hooks, and over metadata that changes no value', async () => {
    const hooks = dict(text('h'), call('trainer', 'Hook'));
    expect(await unpickled(rebuild(yes, hooks))).toMatchObject({ shape: [4], requiresGrad: true });
    expect(await unpickled(rebuild(no, none, dict(text('conj'), no)))).toMatchObject({ shape: [4] });
  });

  const other = tuple(storage('0', int(4)), int(1), tuple(int(2)), tuple(int(1)));
  const typed = (state: Assembly): Assembly =>
    call(
      'torch._tensor',
      '_rebuild_from_type_v2',
      global('torch._utils', '_rebuild_tensor'),
      global('torch', 'Tensor'),
      tuple(storage('0', int(4)), int(0), tuple(int(4)), tuple(int(1))),
      state,
    );
  const parameter = (state: Assembly): Assembly =>
    call('torch._utils', '_rebuild_parameter_with_state', tensor(plain), no, none, state);

  it('passes over attributes that a program has set', async () => {
    const attributes = dict(text('tag'), text('x'));
    for (const assembly of [
      join(tensor(plain), attributes, op(OPCODE.BUILD)),
      typed(attributes),
      typed(tuple(none, attributes)),
      parameter(attributes),
    ]) {
      expect(await unpickled(assembly)).toMatchObject({ shape: [4] });
    }
  });

  it.each<[string, Assembly]>([
    ['by BUILD', join(tensor(plain), other, op(OPCODE.BUILD))],
    ['by BUILD, with no more than a storage', join(tensor(plain), tuple(storage('0', int(4))), op(OPCODE.BUILD))],
    ['as an attribute', typed(dict(text('data'), tensor(plain)))],
    ['as an attribute beside slots', typed(tuple(dict(text('data'), tensor(plain)), none))],
    ['as an attribute of a parameter', parameter(dict(text('data'), tensor(plain)))],
  ])('gives PICKLE_CORRUPT for a tensor that gets other elements %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('PICKLE_CORRUPT');
  });

  it('lets no integers want gradients', async () => {
    const ints = call(
      'torch._utils',
      '_rebuild_tensor_v3',
      storage('0', int(16), global('torch.storage', 'UntypedStorage')),
      int(0),
      tuple(int(2)),
      tuple(int(1)),
      yes,
      none,
      global('torch', 'int64'),
    );
    expect(await unpickled(ints)).toMatchObject({ dtype: 'int64', requiresGrad: false });
    expect(await unpickled(call('torch._utils', '_rebuild_parameter', ints, yes, none))).toMatchObject({
      requiresGrad: false,
      isParameter: true,
    });
  });

  it('reads what other devices saved', async () => {
    const saved = (dtype: string): Assembly =>
      call('torch._utils', '_rebuild_xla_tensor', tensor(plain), global('torch', dtype), text('xla:0'), yes);
    expect(await unpickled(saved('float32'))).toMatchObject({ shape: [4], requiresGrad: true });
    expect(await unpickled(saved('bfloat16'))).toBeInstanceOf(PyObject);
  });

  const untyped = storage('0', int(16), global('torch.storage', 'UntypedStorage'));
  const float8 = global('torch', 'float8_e5m2');

  it.each<[string, Assembly, Readonly<Record<string, unknown>>]>([
    ['conjugated', rebuild(no, none, dict(text('conj'), yes)), { shape: [4], dtype: 'float32' }],
    ['negated', rebuild(no, none, dict(text('neg'), yes)), { shape: [4], dtype: 'float32' }],
    [
      'of 8-bit floats',
      call('torch._utils', '_rebuild_tensor_v3', untyped, int(0), tuple(int(3)), tuple(int(1)), no, none, float8),
      { shape: [3], dtype: 'float8_e5m2' },
    ],
    [
      'without data',
      call('torch._utils', '_rebuild_meta_tensor_no_storage', global('torch', 'int8'), tuple(int(2)), tuple(), no),
      { shape: [2], dtype: 'int8' },
    ],
    [
      'quantised',
      call(
        'torch._utils',
        '_rebuild_qtensor',
        storage('0', int(16), global('torch', 'QInt8Storage')),
        int(0),
        tuple(int(3)),
      ),
      { shape: [3] },
    ],
    [
      'of a storage that is not known',
      tensor(plain, storage('0', int(4), global('torch', 'NewStorage'))),
      { shape: [4] },
    ],
    ['sparse', call('torch._utils', '_rebuild_sparse_tensor', text('torch.sparse_coo'), tuple(tensor(plain))), {}],
    [
      'nested in a rebuild of its own',
      call('torch._tensor', '_rebuild_from_type_v2', global('torch._tensor', '_rebuild_from_type_v2')),
      {},
    ],
    [
      'a parameter',
      call('torch._utils', '_rebuild_parameter', rebuild(no, none, dict(text('neg'), yes)), no, none),
      { shape: [4], dtype: 'float32' },
    ],
  ])('describes a tensor that is %s', async (_name, assembly, expected) => {
    const value = await unpickled(assembly);
    expect(value).toBeInstanceOf(PyObject);
    const { state } = value as PyObject;
    const found = state instanceof PyDict ? Object.fromEntries(state) : {};
    const { shape, dtype } = found as { shape?: TorchSize; dtype?: TorchDtype };
    expect({ ...(shape && { shape: shape.sizes }), ...(dtype && { dtype: dtype.dtypeName }) }).toEqual(expected);
  });

  it('bounds axes', async () => {
    const ones = Array.from({ length: 65 }, () => int(1));
    expect(await pickleRefusal(tensor({ shape: ones.slice(1), stride: ones.slice(1) }))).toBe('accepted');
    expect(await pickleRefusal(tensor({ shape: ones, stride: ones }))).toBe('PICKLE_LIMIT');
  });

  it('refuses legacy views, and takes a module for its class', async () => {
    const view = join(
      tuple(
        text('storage'),
        global('torch', 'FloatStorage'),
        text('0'),
        text('cpu'),
        int(4),
        tuple(text('1'), int(0), int(4)),
      ),
      op(OPCODE.BINPERSID),
    );
    expect(await pickleRefusal(view)).toBe('LEGACY_FORMAT');
    const module = (type: Assembly): Assembly =>
      join(tuple(text('module'), type, text('net.py'), text('')), op(OPCODE.BINPERSID));
    expect(await unpickled(module(global('trainer', 'Net')))).toEqual(new PyGlobal('trainer.Net'));
    expect(await pickleRefusal(module(text('x')))).toBe('PICKLE_CORRUPT');
  });
});
