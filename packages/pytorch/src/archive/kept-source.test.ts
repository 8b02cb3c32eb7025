import { deflateRawSync } from 'node:zlib';
import { BufferSource, type ByteSource } from '@caissa/bytes';
import { readFloat32 } from '@caissa/tensor';
import { describe, expect, it } from 'vitest';
import { asDict } from '../../test-support/fixtures.js';
import { buildArchive } from '../../test-support/hostile-archive.js';
import { dict, int, pickle, storage, tensor, text } from '../../test-support/pickle-assembly.js';
import { changed, refusal } from '../../test-support/small-checkpoint.js';
import { isTensor } from '../pickle-value.js';
import { readCheckpoint } from '../read-checkpoint.js';
import { openArchive } from './archive.js';
import type { ArchiveEntry } from './entry.js';
import { InflateSource } from './inflate-source.js';
import { KeptEntries, KeptSource } from './kept-source.js';

/** Counts how often a byte is read: that at which deflated data begins is read once for each pass over it. */
class CountingSource extends BufferSource {
  readonly starts = new Map<number, number>();

  override readInto(target: Uint8Array, offset: number): Promise<void> {
    this.starts.set(offset, (this.starts.get(offset) ?? 0) + 1);
    return super.readInto(target, offset);
  }
}

const VIEWS = 1_000;
const ELEMENTS = Float32Array.from({ length: VIEWS * 4 }, (_, index) => index);

/** A checkpoint whose tensors lie in one deflated storage, the last one first. */
function backwards(): CountingSource {
  const views = Array.from({ length: VIEWS }, (_, index) => [
    text(String(index)),
    tensor({ shape: [int(4)], stride: [int(1)], offset: int((VIEWS - 1 - index) * 4) }, storage('0', int(VIEWS * 4))),
  ]);
  const deflated = { method: 8 };
  const entries = changed(0, { data: pickle(dict(...views.flat())) }).map((entry) =>
    entry.name === 'm/data/0'
      ? {
          ...{ name: entry.name, data: deflateRawSync(ELEMENTS), size: ELEMENTS.byteLength },
          ...{ local: { ...deflated, crc32: 0 }, central: { ...deflated, crc32: 0 } },
        }
      : entry,
  );
  return new CountingSource(buildArchive(entries));
}

async function largestStart(source: CountingSource): Promise<number> {
  const entry = (await openArchive(source)).entries.get('data/0');
  return source.starts.get(entry?.dataOffset ?? 0) ?? 0;
}

describe('a deflated storage', () => {
  it('is inflated once, in whatever order its tensors are read', async () => {
    const source = backwards();
    const { root } = await readCheckpoint(source);
    let first = ELEMENTS.length;
    for (const value of asDict(root).values()) {
      first -= 4;
      expect(isTensor(value) && [...(await readFloat32(value))]).toEqual([first, first + 1, first + 2, first + 3]);
    }
    expect(await largestStart(source)).toBe(1);
  });

  it('is inflated as often as there are uses of it when it is too large to be kept, and no more than is sensible', async () => {
    const source = backwards();
    const entry = (await openArchive(source)).entries.get('data/0') as ArchiveEntry;
    const inflating = new InflateSource(source, entry);
    const target = new Uint8Array(16);
    const half = ELEMENTS.byteLength / 2;
    for (const offset of [0, 16, half, half + 16]) await inflating.readInto(target, offset);
    expect(await largestStart(source)).toBe(1);
    let refused = 'accepted';
    for (let offset = half; offset >= 0 && refused === 'accepted'; offset -= 16) {
      refused = await refusal(inflating.readInto(target, offset));
    }
    expect(refused).toBe('ZIP_LIMIT');
    expect(await largestStart(source)).toBe(32);
    await expect(inflating.readInto(target, 0)).rejects.toThrow(/again and again: .*torch\.save\.$/);
  });
});

describe('kept entries', () => {
  const counted = (sizeBytes: number): ByteSource & { reads: number } => ({
    sizeBytes,
    reads: 0,
    async readInto(target) {
      this.reads++;
      target.fill(sizeBytes);
    },
  });

  it('are those that were used last', async () => {
    const kept = new KeptEntries(10);
    const [four, five, six] = [counted(4), counted(5), counted(6)] as const;
    const bytes = new Uint8Array(1);
    for (const source of [four, five, four, six, four, five]) {
      await new KeptSource(source, kept).readInto(bytes, 1);
      expect(bytes[0]).toBe(source.sizeBytes);
    }
    expect([four.reads, five.reads, six.reads]).toEqual([1, 2, 1]);
  });

  it('are read one after the other, and again after a failure', async () => {
    const kept = new KeptEntries(10);
    let attempts = 0;
    const source: ByteSource = {
      sizeBytes: 3,
      async readInto() {
        if (++attempts === 1) throw new Error('not now');
      },
    };
    const reading = new KeptSource(source, kept);
    const [first, second] = await Promise.allSettled([0, 1].map((at) => reading.readInto(new Uint8Array(1), at)));
    expect([first?.status, second?.status, attempts]).toEqual(['rejected', 'fulfilled', 2]);
    await expect(reading.readInto(new Uint8Array(1), 3)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
  });
});
