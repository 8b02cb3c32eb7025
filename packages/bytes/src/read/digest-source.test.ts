import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BufferSource } from '../byte-sources.js';
import { digestSource } from './digest-source.js';

const MIB = 1 << 20;

describe('digestSource', () => {
  it.each([0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 17])('is the SHA-256 of %i bytes', async (sizeBytes) => {
    const bytes = Buffer.alloc(sizeBytes, 'caissa');
    const expected = createHash('sha256').update(bytes).digest('hex');
    expect(await digestSource(new BufferSource(bytes))).toBe(expected);
  });

  it('stops when it is told to', async () => {
    const reason = new Error('cancelled');
    await expect(digestSource(new BufferSource(Buffer.alloc(10)), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('passes on what reading throws, also from the piece that is read ahead', async () => {
    const source = new BufferSource(Buffer.alloc(2 * MIB));
    const failing = {
      sizeBytes: 3 * MIB,
      readInto: (target: Uint8Array, offset: number) => source.readInto(target, offset),
    };
    await expect(digestSource(failing)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
  });
});
