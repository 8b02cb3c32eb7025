import { describe, expect, it } from 'vitest';
import { type Assembly, call, join, list, none, op, repeat, text } from '../../test-support/pickle-assembly.js';
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

  it('refuses to copy the same argument again and again', async () => {
    const long = join(text('x'.repeat(1_000_000)), op(OPCODE.BINPUT, 0));
    const encode = call('_codecs', 'encode', op(OPCODE.BINGET, 0), text('latin1'));
    expect(await pickleRefusal(list(long, repeat(encode, 70)))).toBe('PICKLE_LIMIT');
  });
});
