import { describe, expect, it } from 'vitest';
import {
  type Assembly,
  call,
  dict,
  global,
  int,
  join,
  list,
  none,
  op,
  text,
  tuple,
} from '../../test-support/pickle-assembly.js';
import { pickleRefusal, unpickled } from '../../test-support/small-checkpoint.js';
import { type PickleValue, PyDict, PyGlobal, PyObject, PyTuple } from '../pickle-value.js';
import { OPCODE } from './opcode.js';

/** An object with what it holds. */
function object(args: readonly PickleValue[], held: Partial<Pick<PyObject, 'state' | 'dict' | 'list'>> = {}): PyObject {
  return Object.assign(new PyObject('trainer.Config', args), held);
}

const type = global('trainer', 'Config');
const entries = dict(text('a'), int(1));
const held = new PyDict([['a', 1]]);
const build = op(OPCODE.BUILD);

describe('objects of a program', () => {
  it.each<[string, Assembly, PyObject]>([
    ['REDUCE', join(type, tuple(int(1)), op(OPCODE.REDUCE)), object([1])],
    ['NEWOBJ', join(type, tuple(int(1)), op(OPCODE.NEWOBJ)), object([1])],
    ['NEWOBJ_EX', join(type, tuple(int(1)), entries, op(OPCODE.NEWOBJ_EX)), object([1, held])],
    ['NEWOBJ_EX without names', join(type, tuple(int(1)), dict(), op(OPCODE.NEWOBJ_EX)), object([1])],
    ['OBJ', join(op(OPCODE.MARK), type, int(1), op(OPCODE.OBJ)), object([1])],
    ['INST', join(op(OPCODE.MARK), int(1), op(OPCODE.INST), Buffer.from('trainer\nConfig\n')), object([1])],
    ['copyreg', call('copyreg', '__newobj__', type, int(1)), object([1])],
    ['copy_reg', call('copy_reg', '_reconstructor', type, global('__builtin__', 'object'), none), object([])],
    [
      'a dict as base',
      call('copyreg', '_reconstructor', type, global('builtins', 'dict'), entries),
      object([], { dict: held }),
    ],
    [
      'a list as base',
      call('copyreg', '_reconstructor', type, global('builtins', 'list'), list(int(1))),
      object([], { list: [1] }),
    ],
    ['text as base', call('copyreg', '_reconstructor', type, global('builtins', 'str'), text('x')), object(['x'])],
    ['attributes', join(call('trainer', 'Config'), entries, build), object([], { state: held })],
    ['slots', join(call('trainer', 'Config'), tuple(none, entries), build), object([], { state: held })],
    [
      'attributes and slots',
      join(call('trainer', 'Config'), tuple(dict(text('b'), none), entries), build),
      object([], {
        state: new PyDict([
          ['b', null],
          ['a', 1],
        ]),
      }),
    ],
    [
      'another state',
      join(call('trainer', 'Config'), tuple(int(1), int(2)), build),
      object([], { state: new PyTuple([1, 2]) }),
    ],
    [
      'items by key',
      join(call('trainer', 'Config'), text('a'), int(1), op(OPCODE.SETITEM)),
      object([], { dict: held }),
    ],
    ['items', join(call('trainer', 'Config'), int(1), op(OPCODE.APPEND)), object([], { list: [1] })],
    [
      'members',
      join(call('trainer', 'Config'), op(OPCODE.MARK), int(1), op(OPCODE.ADDITEMS)),
      object([], { list: [1] }),
    ],
    ['a call of one', join(call('trainer', 'Config'), tuple(int(2)), op(OPCODE.REDUCE)), object([2])],
  ])('are described: %s', async (_name, assembly, expected) => {
    expect(await unpickled(assembly)).toEqual(expected);
  });

  it('are named where they only stand', async () => {
    expect(await unpickled(list(type, global('builtins', 'float')))).toEqual([
      new PyGlobal('trainer.Config'),
      expect.objectContaining({ fullName: 'builtins.float' }),
    ]);
  });

  it('lose attributes of what is a plain value here', async () => {
    expect(await unpickled(entries, dict(text('x'), none), build)).toEqual(held);
    expect(await unpickled(list(int(1)), entries, build)).toEqual([1]);
  });

  it('may make one another, but not without end', async () => {
    const makers = Array.from({ length: 1_000 }, () => global('copyreg', '__newobj__'));
    expect(await unpickled(call('copyreg', '__newobj__', ...makers))).toBeInstanceOf(PyObject);
  });
});

describe('containers that contain themselves', () => {
  const itself = op(OPCODE.BINGET, 0);
  const remembered = op(OPCODE.BINPUT, 0);

  it.each<[string, Assembly, (value: PickleValue) => PickleValue | undefined]>([
    [
      'a list',
      join(op(OPCODE.EMPTY_LIST), remembered, itself, op(OPCODE.APPEND)),
      (value) => (value as PickleValue[])[0],
    ],
    [
      'a dict',
      join(op(OPCODE.EMPTY_DICT), remembered, text('k'), itself, op(OPCODE.SETITEM)),
      (value) => (value as PyDict).get('k'),
    ],
    [
      'a dict by way of a tuple',
      join(op(OPCODE.EMPTY_DICT), remembered, text('k'), tuple(itself), op(OPCODE.SETITEM)),
      (value) => ((value as PyDict).get('k') as PyTuple).items[0],
    ],
    [
      'an object by way of its state',
      join(call('trainer', 'Config'), remembered, dict(text('parent'), itself), build),
      (value) => ((value as PyObject).state as PyDict).get('parent'),
    ],
  ])('are read: %s', async (_name, assembly, inner) => {
    const value = await unpickled(assembly);
    expect(inner(value)).toBe(value);
  });

  it('are refused where they nest too deep', async () => {
    const nested = join(op(OPCODE.EMPTY_LIST), remembered, ...Array.from({ length: 1_001 }, () => op(OPCODE.TUPLE1)));
    expect(await pickleRefusal(op(OPCODE.EMPTY_LIST), op(OPCODE.BINPUT, 1), nested, op(OPCODE.APPEND))).toBe(
      'PICKLE_LIMIT',
    );
  });
});
