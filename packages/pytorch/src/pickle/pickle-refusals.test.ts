import { describe, expect, it } from 'vitest';
import {
  type Assembly,
  call,
  dict,
  dtype,
  dtypeState,
  global,
  int,
  join,
  list,
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
  const strict = { unknownObjects: 'refuse' } as const;

  it.each<[string, Assembly]>([
    ['a class of the program', global('trainer', 'Net')],
    ['an object of it', join(global('trainer', 'Net'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.NEWOBJ))],
    ['a harmless function', global('functools', 'partial')],
    ['a class that is left', list(global('torch', 'FloatStorage'))],
    ['a call that makes nothing', call('builtins', 'bytearray', int(5))],
    ['an unnamed thing', global('', '')],
    ['a tensor of another kind', call('torch._utils', '_rebuild_qtensor')],
  ])('refuses %s where objects are refused', async (_name, assembly) => {
    expect(await refusal(readPickled(pickle(assembly), strict))).toBe('PICKLE_GLOBAL');
    expect(await pickleRefusal(assembly)).toBe('accepted');
  });

  it('reads values with a meaning all the same', async () => {
    const paths = call('pathlib', 'PosixPath', text('/'), text('data'));
    expect((await readPickled(pickle(paths), strict)).root).toBe('/data');
  });

  it('says what and where', async () => {
    const nested = dict(text('config'), dict(text('phase\u001b'), global('trainer', 'Phase')));
    await expect(readPickled(pickle(nested), strict)).rejects.toThrow(
      /^data\.pkl asks for "trainer\.Phase" at "config\.phase\\u001b" \(byte \d+\), which is not/,
    );
  });

  it('bounds names', async () => {
    expect(await pickleRefusal(global('trainer', 'x'.repeat(494)))).toBe('PICKLE_LIMIT');
  });
});

describe('PICKLE_OPCODE', () => {
  it('refuses what is no operation, and extension codes', async () => {
    const known: ReadonlySet<number> = new Set(Object.values(OPCODE));
    const others = Array.from({ length: 256 }, (_, code) => code).filter((code) => !known.has(code));
    const refused = [...others, OPCODE.EXT1, OPCODE.EXT2, OPCODE.EXT4];
    const codes = await Promise.all(refused.map((code) => pickleRefusal(none, op(code), none, none)));
    expect(new Set(codes)).toEqual(new Set(['PICKLE_OPCODE']));
  });

  it.each([6, 255])('refuses protocol %d', async (protocol) => {
    expect(await refusal(readPickled(join(op(OPCODE.PROTO, protocol), none, op(OPCODE.STOP))))).toBe('PICKLE_OPCODE');
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
    ['an attribute that is no text', join(call('collections', 'OrderedDict'), dict(int(1), none), op(OPCODE.BUILD))],
    ['BUILD on a function', join(global('collections', 'OrderedDict'), op(OPCODE.EMPTY_DICT), op(OPCODE.BUILD))],
    ['REDUCE of text', join(text('os.system'), tuple(text('id')), op(OPCODE.REDUCE))],
    ['REDUCE of a dtype', join(global('torch', 'float32'), op(OPCODE.EMPTY_TUPLE), op(OPCODE.REDUCE))],
    ['REDUCE with a list', join(global('collections', 'OrderedDict'), op(OPCODE.EMPTY_LIST), op(OPCODE.REDUCE))],
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
    ['text longer than the file', op(OPCODE.BINUNICODE, 0xff, 0xff, 0xff, 0xff)],
    ['a name without an end', join(op(OPCODE.GLOBAL), Buffer.from('collections'))],
    [
      'a numpy dtype with fields',
      join(dtype('f8'), tuple(int(3), text('<'), none, tuple(text('a')), none), op(OPCODE.BUILD)),
    ],
    ['a numpy byte order that is none', join(dtype('f8'), dtypeState('?'))],
  ])('refuses %s', async (_name, assembly) => {
    expect(await pickleRefusal(assembly)).toBe('PICKLE_CORRUPT');
  });

  it('passes over bytes after the end', async () => {
    expect(await refusal(readPickled(join(pickle(none), text('more'))))).toBe('accepted');
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
