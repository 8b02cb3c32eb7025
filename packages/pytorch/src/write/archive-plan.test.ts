import { BufferSource, type ByteSource, writeBlocks } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { openArchive } from '../archive/archive.js';
import { type EntryContent, planArchive } from './archive-plan.js';

const GIB = 2 ** 30;

/** Zeros that take no memory. */
const zeros: ByteSource = {
  sizeBytes: 16 * GIB,
  async readInto(target) {
    target.fill(0);
  },
};

const CHUNK_BYTES = 2 ** 21;

/** Keeps what is not zero: archives of many gigabytes of zeros fit into memory. */
class SparseFile implements ByteSource {
  readonly #chunks = new Map<number, Buffer>();
  sizeBytes = 0;

  async append(bytes: Uint8Array): Promise<void> {
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).equals(EMPTY.subarray(0, bytes.length))) {
      this.#chunks.set(this.sizeBytes, Buffer.from(bytes));
    }
    this.sizeBytes += bytes.length;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    target.fill(0);
    for (const [start, chunk] of this.#chunks) {
      const [from, to] = [Math.max(offset, start), Math.min(offset + target.length, start + chunk.length)];
      if (from < to) target.set(chunk.subarray(from - start, to - start), from - offset);
    }
  }
}

const EMPTY = Buffer.alloc(CHUNK_BYTES);

function known(name: string, text: string): EntryContent {
  return { name, content: Buffer.from(text) };
}

describe('an archive', () => {
  it('is read back by the strict reader past 4 GiB, for a large entry and for small ones behind it', async () => {
    const largeBytes = 4 * GIB + 10;
    const plan = planArchive([
      known('a/first', 'hello'),
      { name: 'a/large', content: { source: zeros, offsetBytes: 0, lengthBytes: largeBytes } },
      known('a/behind', 'world'),
      known('a/empty', ''),
    ]);
    const file = new SparseFile();
    const sink = { write: (block: Uint8Array) => file.append(block) };
    await writeBlocks(sink, (out) => plan.write(out));
    expect(file.sizeBytes).toBe(plan.sizeBytes);
    const { entries } = await openArchive(file);
    expect([...entries].map(([name, entry]) => [name, entry.sizeBytes, entry.dataOffset % 64])).toEqual([
      ['first', 5, 0],
      ['large', largeBytes, 0],
      ['behind', 5, 0],
      ['empty', 0, 0],
    ]);
    const behind = entries.get('behind');
    expect(behind?.headerOffset).toBeGreaterThan(4 * GIB);
    const text = Buffer.alloc(5);
    await file.readInto(text, behind?.dataOffset ?? 0);
    expect(text.toString()).toBe('world');
  }, 120_000);

  it('may have more entries than 16 bits count, which no checkpoint has', async () => {
    const plan = planArchive(Array.from({ length: 65_540 }, (_, index) => known(`a/${index}`, 'x')));
    const parts: Buffer[] = [];
    const sink = { write: async (block: Uint8Array) => void parts.push(Buffer.from(block)) };
    await writeBlocks(sink, (out) => plan.write(out));
    const archive = Buffer.concat(parts);
    const end = archive.subarray(-22);
    expect([end.readUInt16LE(8), end.readUInt16LE(10)]).toEqual([0xffff, 0xffff]);
    const end64 = archive.subarray(-98);
    expect([end64.readBigUInt64LE(24), end64.readBigUInt64LE(32)]).toEqual([65_540n, 65_540n]);
    await expect(openArchive(new BufferSource(archive))).rejects.toMatchObject({ code: 'ZIP_LIMIT' });
  });
});
