import { BufferSource, type ByteSource } from '@caissa/tensor';
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

describe('BufferedSink', () => {
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
