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
  no,
  none,
  op,
  pickle,
  pickle4,
  tensor,
  text,
  tuple,
} from '../../test-support/pickle-assembly.js';
import { pickleRefusal, readPickled, refusal } from '../../test-support/small-checkpoint.js';
import { OPCODE } from './opcode.js';

describe('PICKLE_GLOBAL', () => {
  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'eval'],
    ['builtins', 'getattr'],
    ['os', 'path.join'],
    ['os.path', 'join'],
    ['collections', 'OrderedDict.fromkeys'],
    ['collections.OrderedDict', 'update'],
    ['torch', '_utils._rebuild_tensor_v2'],
    ['torch', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['torch', 'QInt8Storage'],
    ['numpy', 'load'],
    ['pickle', 'loads'],
    ['', ''],
    ['collections\u0000', 'OrderedDict'],
    ['__main__', 'AlphaZeroNetwork'],
  ])('refuses %s.%s, by line and from the stack', async (module, name) => {
    const byLine = readPickled(pickle(global(module, name), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE)));
    await expect(byLine).rejects.toMatchObject({
      code: 'PICKLE_GLOBAL',
      message: expect.stringContaining(`\`${module}.${name}\``),
    });
    expect(await refusal(readPickled(pickle4(text(module), text(name), op(OPCODE.STACK_GLOBAL))))).toBe(
      'PICKLE_GLOBAL',
    );
  });

  it('tells what to do about a whole module', async () => {
    const whole = join(global('__main__', 'Net'), op(OPCODE.BINPUT, 0), op(OPCODE.EMPTY_TUPLE), op(0x81));
    await expect(readPickled(pickle(whole))).rejects.toThrow('save model.state_dict() instead');
    await expect(readPickled(pickle(global('torch.nn.modules.linear', 'Linear')))).rejects.toThrow('state_dict');
  });

  it('refuses names split over the lines of a stack', async () => {
    const split = pickle4(text('collections\nOrderedDict'), text(''), op(OPCODE.STACK_GLOBAL));
    expect(await refusal(readPickled(split))).toBe('PICKLE_GLOBAL');
  });

  it.each<[string, Assembly]>([
    ['the result', global('collections', 'OrderedDict')],
    ['a list', list(global('torch', 'FloatStorage'))],
    ['a dict', dict(text('k'), global('torch', 'Tensor'))],
    ['a key', dict(global('torch', 'Tensor'), none)],
    ['a tuple in a list', list(tuple(tuple(global('numpy', 'ndarray'))))],
    ['a set', call('builtins', 'set', list(global('torch', 'device')))],
  ])('refuses a function or class left in %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('PICKLE_GLOBAL');
  });

  it.each(['O8', 'S10', 'U4', 'V8', 'M8', 'f3', 'i16', '<f8,<f8', 'x', 'f8 ', ''])(
    'refuses numpy.dtype %j',
    async (code) => {
      expect(await pickleRefusal(dtype(code))).toBe('PICKLE_GLOBAL');
    },
  );
});

describe('PICKLE_OPCODE', () => {
  const allowed: ReadonlySet<number> = new Set(Object.values(OPCODE));
  const others = Array.from({ length: 256 }, (_, code) => code).filter((code) => !allowed.has(code));

  it('refuses every other operation, NEWOBJ, INST, OBJ, EXT and the text ones among them', async () => {
    const codes = await Promise.all(others.map((code) => refusal(readPickled(pickle4(none, op(code), none, none)))));
    expect(new Set(codes)).toEqual(new Set(['PICKLE_OPCODE']));
    expect(others).toEqual(expect.arrayContaining([0x81, 0x92, 0x69, 0x6f, 0x82, 0x84, 0x50, 0x49, 0x56, 0x8e]));
  });

  it.each(['SHORT_BINUNICODE', 'STACK_GLOBAL', 'MEMOIZE', 'FRAME', 'EMPTY_SET', 'ADDITEMS', 'BINBYTES'] as const)(
    'refuses %s in protocol 2',
    async (name) =>
      expect(await pickleRefusal(none, none, op(OPCODE[name], 0, 0, 0, 0, 0, 0, 0, 0))).toBe('PICKLE_OPCODE'),
  );

  it.each([0, 1, 5, 255])('refuses protocol %d', async (protocol) => {
    expect(await refusal(readPickled(join(op(OPCODE.PROTO, protocol), none, op(OPCODE.STOP))))).toBe('PICKLE_OPCODE');
  });

  it('refuses a pickle without protocol, and a second one inside', async () => {
    expect(await refusal(readPickled(join(none, op(OPCODE.STOP))))).toBe('PICKLE_OPCODE');
    expect(await pickleRefusal(op(OPCODE.PROTO, 2), none)).toBe('PICKLE_OPCODE');
  });
});

describe('PICKLE_CORRUPT', () => {
  it.each<[string, Assembly]>([
    ['a dangling memo', op(OPCODE.BINGET, 3)],
    ['a dangling long memo', op(OPCODE.LONG_BINGET, 3, 0, 0, 0)],
    ['a memo of nothing', op(OPCODE.BINPUT, 0)],
    ['odd SETITEMS', join(op(OPCODE.EMPTY_DICT), op(OPCODE.MARK), text('k'), op(OPCODE.SETITEMS))],
    ['SETITEM on a list', join(op(OPCODE.EMPTY_LIST), text('k'), none, op(OPCODE.SETITEM))],
    ['SETITEMS on a tuple', join(op(OPCODE.EMPTY_TUPLE), op(OPCODE.MARK), op(OPCODE.SETITEMS))],
    ['SETITEM on a tensor', join(tensor({ shape: [], stride: [] }), text('k'), none, op(OPCODE.SETITEM))],
    ['APPEND on a dict', join(op(OPCODE.EMPTY_DICT), none, op(OPCODE.APPEND))],
    ['APPENDS on text', join(text('x'), op(OPCODE.MARK), none, op(OPCODE.APPENDS))],
    ['BUILD on a dict', join(op(OPCODE.EMPTY_DICT), op(OPCODE.EMPTY_DICT), op(OPCODE.BUILD))],
    ['BUILD on a tensor', join(tensor({ shape: [], stride: [] }), op(OPCODE.EMPTY_DICT), op(OPCODE.BUILD))],
    ['BUILD of an OrderedDict with a tuple', join(call('collections', 'OrderedDict'), tuple(none), op(OPCODE.BUILD))],
    ['an attribute that is no text', join(call('collections', 'OrderedDict'), dict(int(1), none), op(OPCODE.BUILD))],
    ['BUILD on a function', join(global('collections', 'OrderedDict'), op(OPCODE.EMPTY_DICT), op(OPCODE.BUILD))],
    ['REDUCE of a class', join(global('torch', 'Tensor'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE))],
    ['REDUCE of text', join(text('os.system'), tuple(text('id')), op(OPCODE.REDUCE))],
    ['REDUCE of a dtype', join(global('torch', 'float32'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE))],
    ['REDUCE with a list', join(global('collections', 'OrderedDict'), op(OPCODE.EMPTY_LIST), op(OPCODE.REDUCE))],
    ['OrderedDict with arguments', call('collections', 'OrderedDict', list())],
    ['a Counter of a list', call('collections', 'Counter', list())],
    ['a set of a dict', call('builtins', 'set', dict(int(1), int(2)))],
    ['another codec', call('_codecs', 'encode', text('x'), text('rot13'))],
    ['latin1 text that is not', bytes('\u0100')],
    ['a bytearray of a number', call('builtins', 'bytearray', int(1_000_000_000))],
    ['a complex of text', call('builtins', 'complex', text('1'), text('2'))],
    ['a torch.Size of text', call('torch', 'Size', tuple(text('8')))],
    ['a torch.Size below zero', call('torch', 'Size', tuple(int(-1)))],
    ['a torch.device of a number', call('torch', 'device', int(1))],
    ['a list as a key', dict(list(), none)],
    ['a dict in a set', call('builtins', 'set', list(dict(int(1), int(2))))],
    ['a popped mark', join(op(OPCODE.MARK), op(OPCODE.TUPLE1))],
    ['a value below a mark', join(int(1), op(OPCODE.MARK), op(OPCODE.TUPLE1))],
    ['a mark that is not there', op(OPCODE.TUPLE)],
    ['an empty stack', op(OPCODE.TUPLE2)],
    ['nothing at all', new Uint8Array(0)],
    ['two results', join(none, none)],
    ['a mark left over', join(none, op(OPCODE.MARK))],
    ['text that is not UTF-8', op(OPCODE.BINUNICODE, 1, 0, 0, 0, 0xff)],
    ['half a surrogate', op(OPCODE.BINUNICODE, 3, 0, 0, 0, 0xed, 0xa0, 0x80)],
    ['text longer than the file', op(OPCODE.BINUNICODE, 0xff, 0xff, 0xff, 0xff)],
    ['a name without an end', join(op(OPCODE.GLOBAL), Buffer.from('collections'))],
    [
      'a list that contains itself',
      join(op(OPCODE.EMPTY_LIST), op(OPCODE.BINPUT, 0), op(OPCODE.BINGET, 0), op(OPCODE.APPEND)),
    ],
    [
      'a dict that contains itself',
      join(op(OPCODE.EMPTY_DICT), op(OPCODE.BINPUT, 0), text('k'), tuple(op(OPCODE.BINGET, 0)), op(OPCODE.SETITEM)),
    ],
    ['a numpy scalar of the wrong size', call('numpy.core.multiarray', 'scalar', dtype('f8'), bytes('abc'))],
    [
      'a numpy array of another class',
      call('numpy.core.multiarray', '_reconstruct', global('torch', 'Tensor'), tuple(int(0)), bytes('b')),
    ],
    [
      'a numpy dtype with fields',
      join(dtype('f8'), tuple(int(3), text('<'), none, tuple(text('a')), none), op(OPCODE.BUILD)),
    ],
    ['a numpy byte order that is none', join(dtype('f8'), dtypeState('?'))],
    [
      'a numpy array of the wrong size',
      join(
        call('numpy.core.multiarray', '_reconstruct', global('numpy', 'ndarray'), tuple(int(0)), bytes('b')),
        tuple(int(1), tuple(int(1_000_000), int(1_000_000)), dtype('f8'), no, bytes('x')),
        op(OPCODE.BUILD),
      ),
    ],
  ])('refuses %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('PICKLE_CORRUPT');
  });

  it('refuses bytes after the end', async () => {
    expect(await refusal(readPickled(join(pickle(none), op(OPCODE.STOP))))).toBe('PICKLE_CORRUPT');
  });

  it('refuses a frame longer than the file, and a global of other than text', async () => {
    expect(await refusal(readPickled(pickle4(op(OPCODE.FRAME, 255, 0, 0, 0, 0, 0, 0, 0), none)))).toBe(
      'PICKLE_CORRUPT',
    );
    expect(await refusal(readPickled(pickle4(none, none, op(OPCODE.STACK_GLOBAL))))).toBe('PICKLE_CORRUPT');
  });

  it('refuses a pickle cut at every length', async () => {
    const whole = pickle(dict(text('w'), tensor({ shape: [int(4)], stride: [int(1)] })));
    const codes = new Set<string>();
    for (let length = 2; length < whole.length; length++)
      codes.add(await refusal(readPickled(whole.subarray(0, length))));
    expect([...codes]).toEqual(['PICKLE_CORRUPT']);
  });
});
