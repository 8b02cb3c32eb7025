import { BufferSource, type ByteSource, type Piece, pieceBytes } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { BufferedSink } from './buffered-sink.js';

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

describe('BufferedSink', () => {
  it('lets a sink that can read files copy what is not changed, in order and piece by piece', async () => {
    const file = patterned(9_000_000);
    const source = Object.assign(new BufferSource(file), { descriptor: DESCRIPTOR });
    const sink = fileSink(file);
    const progress: number[] = [];
    const out = new BufferedSink(sink, file.length + 6, { onProgress: (written) => progress.push(written) });
    await out.write(Buffer.from('abc'));
    await out.copy({ source, offsetBytes: 0 }, 5_000_000);
    await out.write(Buffer.from('def'));
    const change = async (bytes: Uint8Array) => void bytes.fill(1);
    await out.copy({ source, offsetBytes: 5_000_000, change }, 3_000_000);
    await out.copy({ source, offsetBytes: 8_000_000 }, 1_000_000);
    await out.flush();
    await out.close();
    const expected = Buffer.concat([
      Buffer.from('abc'),
      file.subarray(0, 5_000_000),
      Buffer.from('def'),
      Buffer.alloc(3_000_000, 1),
      file.subarray(8_000_000),
    ]);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
    const ranges = sink.taken.flat().filter((piece) => !(piece instanceof Uint8Array));
    expect(ranges.reduce((sum, range) => sum + pieceBytes(range), 0)).toBe(6_000_000);
    expect(progress.at(-1)).toBe(expected.length);
    expect(progress.length).toBeGreaterThan(1);
  });

  it('refuses a range outside its file before a sink sees it', async () => {
    const source = Object.assign(new BufferSource(patterned(10)), { descriptor: DESCRIPTOR });
    const out = new BufferedSink(fileSink(patterned(10)), 20, {});
    await expect(out.copy({ source, offsetBytes: 5 }, 6)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
    await out.close();
  });

  it('keeps the order of what is written and what is copied', async () => {
    const file = patterned(5_000_000);
    const sink = collectingSink();
    const out = new BufferedSink(sink, file.length + 6, {});
    await out.write(Buffer.from('abc'));
    await out.copy({ source: new BufferSource(file), offsetBytes: 0 }, 10);
    await out.write(Buffer.from('def'));
    await out.copy({ source: new BufferSource(file), offsetBytes: 10 }, file.length - 10);
    await out.flush();
    await out.close();
    const expected = Buffer.concat([Buffer.from('abc'), file.subarray(0, 10), Buffer.from('def'), file.subarray(10)]);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
  });

  it('asks at once for all that goes into one buffer', async () => {
    const { source, state } = slowSource();
    const out = new BufferedSink(collectingSink(), 3_000, {});
    for (let i = 0; i < 3; i++) await out.copy({ source, offsetBytes: i * 1_000 }, 1_000);
    const flushed = out.flush();
    expect(state.underWay).toBe(3);
    await flushed;
    await out.close();
  });

  it('changes pieces of whole elements, wherever they stand in its buffers', async () => {
    const file = patterned(9_000_003);
    const pieces: number[] = [];
    const change = async (bytes: Uint8Array, fromByte: number) => {
      pieces.push(fromByte, bytes.length);
      for (let i = 0; i < bytes.length; i++) bytes[i] = 255 - (bytes[i] ?? 0);
    };
    const sink = collectingSink();
    const out = new BufferedSink(sink, 8_800_003, {});
    await out.write(Buffer.from('abc'));
    for (const offsetBytes of [3, 4_500_003]) {
      await out.copy({ source: new BufferSource(file), offsetBytes, change }, 4_400_000);
    }
    await out.flush();
    await out.close();
    const parts = [file.subarray(3, 4_400_003), file.subarray(4_500_003, 8_900_003)];
    const expected = Buffer.concat([Buffer.from('abc'), ...parts.map((part) => part.map((byte) => 255 - byte))]);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
    expect(pieces.filter((number) => number % 8 !== 0)).toEqual([]);
    expect(pieces.length).toBeGreaterThan(8);
  });

  it.each([0, 1, 2])('leaves no read under way and writes nothing more when read %i fails', async (good) => {
    const { source, state } = slowSource(good);
    const sink = collectingSink();
    const out = new BufferedSink(sink, 8 << 20, {});
    const copied = out.copy({ source, offsetBytes: 0 }, 8 << 20).then(() => out.flush());
    await expect(copied).rejects.toThrow('cannot be read');
    await out.close();
    expect(state.underWay).toBe(0);
    expect(sink.bytes().length).toBe(good * (2 << 20));
  });

  it('leaves no read under way when a change fails', async () => {
    const { source, state } = slowSource();
    const sink = collectingSink();
    const out = new BufferedSink(sink, 8 << 20, {});
    const change = () => Promise.reject(new Error('no number'));
    const copied = out.copy({ source, offsetBytes: 0, change }, 4 << 20);
    await expect(
      copied.then(() => out.copy({ source, offsetBytes: 0 }, 4 << 20)).then(() => out.flush()),
    ).rejects.toThrow('no number');
    await out.close();
    expect(state.underWay).toBe(0);
    expect(sink.bytes().length).toBe(0);
  });
});
