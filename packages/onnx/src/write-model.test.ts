import { BufferSource, type ByteSink } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { onnx } from '../generated/onnx.js';
import type { OnnxInitializer, OnnxModel } from './model.js';
import { writeModel } from './write-model.js';

class CollectingSink implements ByteSink {
  readonly chunks: Uint8Array[] = [];

  /** Takes its copy as late as it is allowed to, so a writer that reuses a buffer too early is caught. */
  async write(chunk: Uint8Array): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    this.chunks.push(chunk.slice());
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.chunks);
  }
}

const utf8 = new TextEncoder();

function model(initializers: readonly OnnxInitializer[] = [], metadata: Record<string, string> = {}): OnnxModel {
  return {
    opset: 13,
    producerName: 'test',
    producerVersion: '1.2',
    docString: 'a model',
    metadata,
    graph: {
      name: 'g',
      docString: 'a graph',
      nodes: [
        {
          name: 'n',
          opType: 'Everything',
          inputs: ['x', 'w'],
          outputs: ['y'],
          attributes: { a: { int: -3 }, b: { ints: [1, 2 ** 40] }, c: { float: 0.5 }, d: { string: 'é' } },
        },
      ],
      initializers,
      inputs: [{ name: 'x', dataType: 'float32', shape: ['batch_size', 14] }],
      outputs: [{ name: 'y', dataType: 'int64', shape: [] }],
    },
  };
}

/** The same model as protobufjs writes it in one go. */
function encodedWhole(data: Record<string, Uint8Array>, metadata: Record<string, string>): Uint8Array {
  const { FLOAT, INT64, FLOAT16 } = onnx.TensorProto.DataType;
  return onnx.ModelProto.encode({
    irVersion: 7,
    producerName: 'test',
    producerVersion: '1.2',
    docString: 'a model',
    graph: {
      name: 'g',
      docString: 'a graph',
      node: [
        {
          name: 'n',
          opType: 'Everything',
          input: ['x', 'w'],
          output: ['y'],
          attribute: [
            { name: 'a', type: 2, i: -3 },
            { name: 'b', type: 7, ints: [1, 2 ** 40] },
            { name: 'c', type: 1, f: 0.5 },
            { name: 'd', type: 3, s: utf8.encode('é') },
          ],
        },
      ],
      initializer: Object.entries(data).map(([name, rawData]) => ({
        name,
        dims: name === 'half' ? [rawData.length / 2, 1] : [rawData.length / 4],
        dataType: name === 'half' ? FLOAT16 : FLOAT,
        rawData,
      })),
      input: [
        {
          name: 'x',
          type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimParam: 'batch_size' }, { dimValue: 14 }] } } },
        },
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: INT64, shape: { dim: [] } } } }],
    },
    opsetImport: [{ domain: '', version: 13 }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  }).finish();
}

function patterned(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff);
}

/** Yields pieces through one buffer that is overwritten each time, as a reader of files does. */
function reusingOneBuffer(data: Uint8Array, pieceSizeBytes: number): () => AsyncIterable<Uint8Array> {
  return async function* () {
    const buffer = new Uint8Array(pieceSizeBytes);
    for (let at = 0; at < data.length; at += pieceSizeBytes) {
      const piece = data.subarray(at, at + pieceSizeBytes);
      buffer.set(piece);
      yield buffer.subarray(0, piece.length);
      buffer.fill(0xee);
    }
  };
}

describe('writeModel', () => {
  it('writes the bytes that encoding the whole message gives, whatever pieces the data comes in', async () => {
    const data = { large: patterned(3_000_004, 1), half: patterned(6, 2), empty: new Uint8Array(0) };
    const metadata = { version: '1', ключ: '♞' };
    const sink = new CollectingSink();
    const { sizeBytes } = await writeModel(
      sink,
      model(
        [
          { name: 'large', shape: [750_001], dataType: 'float32', data: reusingOneBuffer(data.large, 700_001) },
          { name: 'half', shape: [3, 1], dataType: 'float16', data: data.half },
          { name: 'empty', shape: [0], dataType: 'float32', data: reusingOneBuffer(data.empty, 1) },
        ],
        metadata,
      ),
    );
    const expected = encodedWhole(data, metadata);
    expect(sizeBytes).toBe(expected.length);
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
  });

  it('copies ranges of a source as they are, across its buffers', async () => {
    const file = patterned(3_100_000, 3);
    const data = { before: patterned(5, 4), large: file.subarray(99_997, 99_997 + 3_000_000), after: patterned(7, 5) };
    const sink = new CollectingSink();
    const large = { source: new BufferSource(file), offsetBytes: 99_997, lengthBytes: 3_000_000 };
    const { sizeBytes } = await writeModel(
      sink,
      model([
        { name: 'before', shape: [5], dataType: 'uint8', data: data.before },
        { name: 'large', shape: [750_000], dataType: 'float32', data: large },
        { name: 'after', shape: [7], dataType: 'uint8', data: data.after },
      ]),
    );
    const decoded = onnx.ModelProto.decode(sink.bytes()).graph?.initializer ?? [];
    expect(sizeBytes).toBe(sink.bytes().length);
    expect(decoded.map(({ rawData }) => Buffer.from(rawData ?? []).equals(data.large))).toEqual([false, true, false]);
    expect(decoded.map(({ rawData }) => rawData?.length)).toEqual([5, 3_000_000, 7]);
  });

  it('refuses a range that ends after its source', async () => {
    const data = { source: new BufferSource(new Uint8Array(10)), offsetBytes: 4, lengthBytes: 7 };
    const weights = { name: 'w', shape: [7], dataType: 'uint8', data } as const;
    await expect(writeModel(new CollectingSink(), model([weights]))).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
  });

  it('refuses a range of another length than the shape needs', async () => {
    const data = { source: new BufferSource(new Uint8Array(10)), offsetBytes: 0, lengthBytes: 6 };
    const weights = { name: 'w', shape: [7], dataType: 'uint8', data } as const;
    await expect(writeModel(new CollectingSink(), model([weights]))).rejects.toThrow(
      'w gave 6 bytes of data, its shape needs 7',
    );
  });

  it('writes halves of surrogate pairs, which have no UTF-8, as the replacement character', async () => {
    const sink = new CollectingSink();
    await writeModel(sink, model([], { 'a\ud800': '\udc00b', '♞': '😀' }));
    const expected = encodedWhole({}, { 'a\ufffd': '\ufffdb', '♞': '😀' });
    expect(Buffer.compare(sink.bytes(), expected)).toBe(0);
  });

  it('gathers small fields into few writes, none larger than a buffer', async () => {
    const sink = new CollectingSink();
    const initializers = Array.from({ length: 1_000 }, (_, i) => ({
      name: `w${i}`,
      shape: [1000],
      dataType: 'float32' as const,
      data: new Uint8Array(4000),
    }));
    await writeModel(sink, model(initializers));
    expect(sink.chunks.length).toBe(2);
    expect(Math.max(...sink.chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(2 << 20);
  });

  it('reports progress up to the total', async () => {
    const reports: [number, number][] = [];
    const weights = { name: 'w', shape: [1 << 21], dataType: 'float32', data: new Uint8Array(8 << 20) } as const;
    const onProgress = (written: number, total: number) => reports.push([written, total]);
    const { sizeBytes } = await writeModel(new CollectingSink(), model([weights]), { onProgress });
    expect(reports.length).toBeGreaterThan(3);
    expect(reports.map(([written]) => written)).toEqual([...reports.map(([written]) => written)].sort((a, b) => a - b));
    expect(reports.at(-1)).toEqual([sizeBytes, sizeBytes]);
  });

  it.each([
    [4, 'gave 4 bytes of data, its shape needs 8'],
    [12, 'gave more than 8 bytes of data, its shape needs 8'],
  ])('rejects an initializer of 8 bytes that gives %i', async (length, message) => {
    const weights = { name: 'w', shape: [2], dataType: 'float32', data: new Uint8Array(length) } as const;
    await expect(writeModel(new CollectingSink(), model([weights]))).rejects.toThrow(message);
  });

  it.each([
    ['one initializer', [[2 ** 29]]],
    ['all initializers together', [[2 ** 28], [2 ** 28]]],
    ['the weights, a few bytes short of it alone', [[2 ** 29 - 1]]],
  ])('refuses 2 GiB in %s before it reads or writes', async (_, shapes) => {
    const sink = new CollectingSink();
    const data = () => {
      throw new Error('was read');
    };
    const initializers = shapes.map((shape, i) => ({ name: `w${i}`, shape, dataType: 'float32' as const, data }));
    await expect(writeModel(sink, model(initializers))).rejects.toMatchObject({
      name: 'FormatError',
      code: 'OUTPUT_LIMIT',
      message: expect.stringContaining('2 GiB'),
    });
    expect(sink.chunks).toEqual([]);
  });

  it('stops between pieces when the signal says so, and stops reading', async () => {
    const abort = new AbortController();
    let pieces = 0;
    let closed = false;
    async function* data() {
      try {
        for (; ; pieces++) {
          if (pieces === 3) abort.abort(new Error('cancelled'));
          yield new Uint8Array(1 << 20);
        }
      } finally {
        closed = true;
      }
    }
    const weights = { name: 'w', shape: [1 << 22], dataType: 'float32', data } as const;
    await expect(writeModel(new CollectingSink(), model([weights]), { signal: abort.signal })).rejects.toThrow(
      'cancelled',
    );
    expect(pieces).toBe(3);
    expect(closed).toBe(true);
  });

  it('passes on an error of the data and leaves no write under way', async () => {
    let underWay = 0;
    const sink: ByteSink = {
      async write() {
        underWay++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay--;
      },
    };
    async function* data() {
      yield new Uint8Array(2 << 20);
      await new Promise((resolve) => setImmediate(resolve));
      expect(underWay).toBe(1);
      throw new Error('NaN in w');
    }
    const weights = { name: 'w', shape: [1 << 20], dataType: 'float32', data } as const;
    await expect(writeModel(sink, model([weights]))).rejects.toThrow('NaN in w');
    expect(underWay).toBe(0);
  });

  it.each([1, 2, 3, 4, 5])('passes on an error of write %i', async (failing) => {
    let writes = 0;
    const sink: ByteSink = {
      async write() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        writes++;
        if (writes === failing) throw new Error('no space left');
      },
    };
    const weights = { name: 'w', shape: [1 << 21], dataType: 'float32', data: new Uint8Array(8 << 20) } as const;
    await expect(writeModel(sink, model([weights]))).rejects.toThrow('no space left');
  });

  it('refuses an opset it has no IR version for', async () => {
    await expect(writeModel(new CollectingSink(), { ...model(), opset: 27 })).rejects.toThrow(RangeError);
  });
});
