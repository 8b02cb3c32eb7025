import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BackgroundDigest } from './background-digest.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const memories = [
  { memory: 'shared', allocate: (size: number) => Buffer.from(new SharedArrayBuffer(size)) },
  { memory: 'plain', allocate: (size: number) => Buffer.alloc(size) },
];

describe.each(memories)('a digest of bytes in $memory memory', ({ allocate }) => {
  it('is that of all bytes, also of several at once', async () => {
    const digests = await Promise.all(
      [0, 1, 4_096, 3_000_001].map(async (size) => {
        const bytes = allocate(size);
        randomBytes(size).copy(bytes);
        const digest = new BackgroundDigest();
        for (let at = 0; at < size; at += 700_000) void digest.update(bytes.subarray(at, at + 700_000));
        return [await digest.finish(), sha256(bytes)];
      }),
    );
    for (const [actual, expected] of digests) expect(actual).toBe(expected);
  });

  it('does not need a piece any more once it has taken it', async () => {
    const digest = new BackgroundDigest();
    const piece = allocate(300_000);
    for (const fill of [1, 2, 3]) {
      piece.fill(fill);
      await digest.update(piece);
    }
    piece.fill(4);
    expect(await digest.finish()).toBe(sha256(Buffer.concat([1, 2, 3].map((fill) => Buffer.alloc(300_000, fill)))));
  });
});
