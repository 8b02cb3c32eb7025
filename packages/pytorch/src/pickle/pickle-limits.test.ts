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
  repeat,
  tensor,
  text,
  tuple,
} from '../../test-support/pickle-assembly.js';
import { pickleRefusal } from '../../test-support/small-checkpoint.js';
import { OPCODE } from './opcode.js';

describe('PICKLE_LIMIT', () => {
  const nested = (depth: number, open: Assembly, close: Assembly): Assembly =>
    join(repeat(open, depth), none, repeat(close, depth));
  const inList = [op(OPCODE.EMPTY_LIST), op(OPCODE.APPEND)] as const;

  it('reads what nests 1,000 deep and refuses more', async () => {
    expect(await pickleRefusal(nested(1_000, ...inList))).toBe('accepted');
    expect(await pickleRefusal(nested(1_001, ...inList))).toBe('PICKLE_LIMIT');
    expect(await pickleRefusal(nested(100_000, ...inList))).toBe('PICKLE_LIMIT');
    expect(await pickleRefusal(nested(1_001, op(OPCODE.MARK), op(OPCODE.TUPLE)))).toBe('PICKLE_LIMIT');
    expect(await pickleRefusal(nested(1_001, new Uint8Array(0), op(OPCODE.TUPLE1)))).toBe('PICKLE_LIMIT');
  });

  it('refuses depth that is put together from shared parts', async () => {
    const level = (index: number): Assembly =>
      join(op(OPCODE.BINGET, index), op(OPCODE.TUPLE1), op(OPCODE.BINPUT, index + 1));
    const shared = Array.from({ length: 200 }, (_, index) => level(index));
    const wrap = repeat(op(OPCODE.TUPLE1), 850);
    expect(await pickleRefusal(list(none, op(OPCODE.BINPUT, 0), ...shared, op(OPCODE.BINGET, 200), wrap))).toBe(
      'PICKLE_LIMIT',
    );
  });

  it('reads shared parts that would unfold without end, at no cost', async () => {
    const level = join(op(OPCODE.TUPLE2), op(OPCODE.BINPUT, 0), op(OPCODE.BINGET, 0));
    expect(await pickleRefusal(none, none, repeat(level, 900), op(OPCODE.TUPLE2))).toBe('accepted');
  });

  const remembered = (assembly: Assembly): Assembly => join(assembly, op(OPCODE.LONG_BINPUT, 0, 1, 0, 0));
  const again = op(OPCODE.LONG_BINGET, 0, 1, 0, 0);
  const entries = (count: number): Assembly[] => Array.from({ length: count }, (_, index) => join(int(index), none));
  const largeInteger = join(op(OPCODE.LONG4, 0xf0, 6, 0, 0), Buffer.alloc(0x6f0, 7));

  it.each<[string, Assembly]>([
    [
      'copies of a text',
      join(remembered(text('x'.repeat(1_000_000))), list(repeat(call('_codecs', 'encode', again, text('latin1')), 70))),
    ],
    [
      'copies of a dict',
      join(remembered(dict(...entries(2_000))), list(repeat(call('collections', 'OrderedDict', again), 1_000))),
    ],
    [
      'attributes set again and again',
      join(
        call('collections', 'OrderedDict'),
        remembered(dict(...Array.from({ length: 2_000 }, (_, index) => join(text(`k${index}`), none)))),
        op(OPCODE.BUILD),
        repeat(join(again, op(OPCODE.BUILD)), 2_000),
      ),
    ],
    [
      'parts of a path',
      join(
        remembered(tuple(repeat(text('x'), 10_000))),
        list(repeat(join(global('pathlib', 'Path'), again, op(OPCODE.REDUCE)), 1_000)),
      ),
    ],
    [
      'large integers as keys',
      join(
        remembered(largeInteger),
        list(repeat(join(op(OPCODE.EMPTY_DICT), again, none, op(OPCODE.SETITEM)), 50_000)),
      ),
    ],
    [
      'keys too long to be hashed',
      dict(...Array.from({ length: 1_500 }, (_, index) => join(text('x'.repeat(10_001) + String(index)), none))),
    ],
    [
      'keys that look like numbers',
      dict(Buffer.concat(Array.from({ length: 600_000 }, (_, index) => join(text(String(index)), none)))),
    ],
    ['empty containers', list(repeat(op(OPCODE.EMPTY_DICT), 3_000_000))],
    ['operations that leave nothing', join(none, repeat(join(none, op(OPCODE.POP)), 12_000_000))],
    ['escapes', join(op(OPCODE.STRING), Buffer.from(`'${'\\n'.repeat(2_000_000)}'\n`))],
    [
      'lone surrogates',
      join(op(OPCODE.BINUNICODE, 0xc0, 0xc6, 0x2d, 0), Buffer.alloc(3_000_000, Buffer.from('eda080', 'hex'))),
    ],
  ])('bounds the cost of %s', async (_name, assembly) => {
    const before = process.cpuUsage();
    expect(await pickleRefusal(assembly)).toBe('PICKLE_LIMIT');
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(3_000_000);
  });

  it('takes what is merely large', async () => {
    expect(await pickleRefusal(dict(Buffer.concat(entries(100_000))))).toBe('accepted');
    expect(await pickleRefusal(list(repeat(tensor({ shape: [int(4)], stride: [int(1)] }), 20_000)))).toBe('accepted');
  });
});
