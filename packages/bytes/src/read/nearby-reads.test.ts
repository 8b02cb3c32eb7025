import { describe, expect, it } from 'vitest';
import { NearbyReads } from './nearby-reads.js';

const file = Buffer.alloc(200_000);
for (let i = 0; i < file.length; i++) file[i] = (i * 31 + (i >> 8)) & 0xff;

interface Call {
  readonly kind: 'one' | 'run';
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Reads of `file`, all asked for in one turn, and the calls that they became. */
async function readAll(ranges: readonly (readonly [offset: number, lengthBytes: number])[]): Promise<Call[]> {
  const calls: Call[] = [];
  const fill = async (kind: Call['kind'], targets: readonly Uint8Array[], offset: number): Promise<void> => {
    let at = offset;
    for (const target of targets) {
      target.set(file.subarray(at, at + target.length));
      at += target.length;
    }
    calls.push({ kind, offset, lengthBytes: at - offset });
  };
  const reads = new NearbyReads({
    readOne: (target, offset) => fill('one', [target], offset),
    readRun: (targets, offset) => fill('run', targets, offset),
  });
  await Promise.all(
    ranges.map(async ([offset, lengthBytes]) => {
      const target = Buffer.alloc(lengthBytes);
      await reads.read(target, offset);
      expect(target.equals(file.subarray(offset, offset + lengthBytes))).toBe(true);
    }),
  );
  return calls;
}

describe('reads of one turn', () => {
  it('become one if little lies between them, in whatever order they were asked for', async () => {
    const calls = await readAll([
      [50_100, 20_000],
      [0, 30_000],
      [30_064, 20_000],
    ]);
    expect(calls).toEqual([{ kind: 'run', offset: 0, lengthBytes: 70_100 }]);
  });

  it('stay alone if they overlap, lie far apart, or are a few bytes only', async () => {
    const calls = await readAll([
      [0, 30_000],
      [29_999, 30_000],
      [80_000, 30_000],
      [120_000, 100],
      [120_200, 100],
    ]);
    expect(calls.every(({ kind }) => kind === 'one')).toBe(true);
    expect(calls).toHaveLength(5);
  });

  it('become several if there are more than one call takes', async () => {
    const calls = await readAll(Array.from({ length: 1_200 }, (_, index) => [index * 150, 100]));
    expect(calls.map(({ kind, lengthBytes }) => [kind, lengthBytes])).toEqual([
      ['run', 74_950],
      ['run', 74_950],
      ['run', 29_950],
    ]);
  });

  it('all fail if the one that they became does', async () => {
    const readRun = () => Promise.reject(new Error('EIO'));
    const reads = new NearbyReads({ readOne: readRun, readRun });
    const results = await Promise.allSettled([0, 20_000].map((at) => reads.read(Buffer.alloc(20_000), at)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
