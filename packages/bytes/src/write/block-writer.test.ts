import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ByteSource, type Piece, totalBytes } from '../byte-io.js';
import { BufferSource } from '../byte-sources.js';
import { writeBlocks } from './block-writer.js';

const patterned = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) % 251);

/** A sink that copies what it is given, late. */
function collectingSink() {
  const chunks: Uint8Array[] = [];
  const write = async (chunk: Uint8Array) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    chunks.push(chunk.slice());
  };
  return { write, bytes: () => Buffer.concat(chunks) };
}

/** A source that tells how many reads are under way, and whose reads after the first `good` ones fail. */
function slowSource(good = Number.POSITIVE_INFINITY) {
  const state = { underWay: 0, reads: 0 };
  const source: ByteSource = {
    sizeBytes: 16 << 20,
    async readInto() {
      const fails = ++state.reads > good;
      state.underWay++;
      await new Promise((resolve) => setTimeout(resolve, fails ? 1 : 20));
      state.underWay--;
      if (fails) throw new Error('cannot be read');
    },
  };
  return { source, state };
}

const DESCRIPTOR = 7;

/** Takes ranges of the file that `DESCRIPTOR` stands for. */
function fileSink(file: Uint8Array) {
  const taken: (readonly Piece[])[] = [];
  const chunks: Uint8Array[] = [];
  const writePieces = async (pieces: readonly Piece[]) => {
    taken.push(pieces);
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) chunks.push(piece.slice());
      else chunks.push(file.subarray(piece.offsetBytes, piece.offsetBytes + piece.lengthBytes));
    }
  };
  const write = (chunk: Uint8Array) => writePieces([chunk]);
  return { write, writePieces, taken, bytes: () => Buffer.concat(chunks) };
}

describe('writeBlocks', () => {
  it('lets a sink that can read files copy what is not changed, in order and piece by piece', async () => {
    const file = patterned(9_000_000);
    const source = Object.assign(new BufferSource(file), { descriptor: DESCRIPTOR });
    const sink = fileSink(file);
    const progress: number[] = [];
    const change = async (bytes: Uint8Array) => void bytes.fill(1);
    await writeBlocks(
      sink,
      async (out) => {
        await out.write(Buffer.from('abc'));
        await out.copy({ source, offsetBytes: 0, lengthBytes: 5_000_000 });
        await out.write(Buffer.from('def'));
        await out.copy({ source, offsetBytes: 5_000_000, lengthBytes: 3_000_000 }, change);
        await out.copy({ source, offsetBytes: 8_000_000, lengthBytes: 1_000_000 });
      },
      { onProgress: (written) => progress.push(written) },
    );
    const expected = Buffer.concat([
      Buffer.from('abc'),
      file.subarray(0, 5_000_000),
      Buffer.from('def'),
      Buffer.alloc(3_000_000, 1),
      file.subarray(8_000_000),
    ]);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
    const ranges = sink.taken.flat().filter((piece) => !(piece instanceof Uint8Array));
    expect(totalBytes(ranges)).toBe(6_000_000);
    expect(sink.taken.every((pieces) => totalBytes(pieces) <= 4 << 20)).toBe(true);
    expect(progress.at(-1)).toBe(expected.length);
    expect(progress.length).toBeGreaterThan(1);
  });

  it('refuses a range outside its file before a sink sees it', async () => {
    const source = Object.assign(new BufferSource(patterned(10)), { descriptor: DESCRIPTOR });
    const sink = fileSink(patterned(10));
    const written = writeBlocks(sink, (out) => out.copy({ source, offsetBytes: 5, lengthBytes: 6 }));
    await expect(written).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
    expect(sink.taken).toEqual([]);
  });

  it('keeps the order of what is written and what is copied', async () => {
    const file = patterned(5_000_000);
    const source = new BufferSource(file);
    const sink = collectingSink();
    await writeBlocks(sink, async (out) => {
      await out.write(Buffer.from('abc'));
      await out.copy({ source, offsetBytes: 0, lengthBytes: 10 });
      await out.write(Buffer.from('def'));
      await out.copy({ source, offsetBytes: 10, lengthBytes: file.length - 10 });
    });
    const expected = Buffer.concat([Buffer.from('abc'), file.subarray(0, 10), Buffer.from('def'), file.subarray(10)]);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
  });

  it('asks at once for all that goes into one block', async () => {
    const { source, state } = slowSource();
    const written = writeBlocks(collectingSink(), async (out) => {
      for (let i = 0; i < 3; i++) await out.copy({ source, offsetBytes: i * 1_000, lengthBytes: 1_000 });
      expect(state.reads).toBe(0);
    });
    await setImmediate();
    expect(state.underWay).toBe(3);
    await written;
  });

  it('changes pieces of whole elements, wherever they stand in its blocks', async () => {
    const file = patterned(9_000_003);
    const source = new BufferSource(file);
    const pieces: number[] = [];
    const change = async (bytes: Uint8Array, fromByte: number) => {
      pieces.push(fromByte, bytes.length);
      for (let i = 0; i < bytes.length; i++) bytes[i] = 255 - (bytes[i] ?? 0);
    };
    const sink = collectingSink();
    await writeBlocks(sink, async (out) => {
      await out.write(Buffer.from('abc'));
      for (const offsetBytes of [3, 4_500_003]) await out.copy({ source, offsetBytes, lengthBytes: 4_400_000 }, change);
    });
    const parts = [file.subarray(3, 4_400_003), file.subarray(4_500_003, 8_900_003)];
    const expected = Buffer.concat([Buffer.from('abc'), ...parts.map((part) => part.map((byte) => 255 - byte))]);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
    expect(pieces.filter((number) => number % 8 !== 0)).toEqual([]);
    expect(pieces.length).toBeGreaterThan(8);
  });

  it('looks at a block while the next one is being read', async () => {
    const { source, state } = slowSource();
    const readsAtLook: number[] = [];
    const look = () => void readsAtLook.push(state.reads);
    await writeBlocks(collectingSink(), (out) => out.copy({ source, offsetBytes: 0, lengthBytes: 10 << 20 }, look));
    expect(readsAtLook).toHaveLength(5);
    expect(readsAtLook.every((reads, index) => reads >= Math.min(index + 2, 5))).toBe(true);
  });

  it('makes bytes when all before them were looked at in their order, however slow a look is', async () => {
    const file = patterned(7_000_000);
    const source = new BufferSource(file);
    const seen: number[] = [];
    const look = async (_bytes: Uint8Array, fromByte: number) => {
      await new Promise((resolve) => setTimeout(resolve, fromByte === 0 ? 20 : 1));
      seen.push(fromByte);
    };
    const sink = collectingSink();
    let made = '';
    await writeBlocks(sink, async (out) => {
      await out.copy({ source, offsetBytes: 0, lengthBytes: file.length }, look);
      await out.writeLater(0, () => {
        made = seen.join();
        return new Uint8Array(0);
      });
      await out.writeLater(3_000_000, () => patterned(3_000_000));
    });
    expect(made).toBe([0, 2 << 20, 4 << 20, 6 << 20].join());
    expect(Buffer.compare(sink.bytes(), Buffer.concat([file, patterned(3_000_000)]))).toBe(0);
  });

  it.each([0, 1, 2])('leaves no read under way and writes nothing more when read %i fails', async (good) => {
    const { source, state } = slowSource(good);
    const sink = collectingSink();
    const written = writeBlocks(sink, (out) => out.copy({ source, offsetBytes: 0, lengthBytes: 8 << 20 }));
    await expect(written).rejects.toThrow('cannot be read');
    expect(state.underWay).toBe(0);
    expect(sink.bytes().length).toBe(good * (2 << 20));
  });

  it('leaves no read under way when a change fails', async () => {
    const { source, state } = slowSource();
    const sink = collectingSink();
    const change = () => Promise.reject(new Error('no number'));
    const written = writeBlocks(sink, async (out) => {
      await out.copy({ source, offsetBytes: 0, lengthBytes: 4 << 20 }, change);
      await out.copy({ source, offsetBytes: 0, lengthBytes: 4 << 20 });
    });
    await expect(written).rejects.toThrow('no number');
    expect(state.underWay).toBe(0);
    expect(sink.bytes().length).toBe(0);
  });

  it('ends reads and writes before it fails with what its work throws', async () => {
    const { source, state } = slowSource();
    const written = writeBlocks(collectingSink(), async (out) => {
      await out.copy({ source, offsetBytes: 0, lengthBytes: 4 << 20 });
      throw new Error('no more');
    });
    await expect(written).rejects.toThrow('no more');
    expect(state.underWay).toBe(0);
  });
});
