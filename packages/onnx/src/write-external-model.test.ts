import type { ByteSink } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { onnx } from '../generated/onnx.js';
import type { OnnxInitializer, OnnxModel } from './model.js';
import { writeExternalModel } from './write-external-model.js';
import { modelSizeBytes, writeModel } from './write-model.js';

function collector(): ByteSink & { bytes(): Buffer } {
  const chunks: Buffer[] = [];
  return {
    async write(chunk) {
      chunks.push(Buffer.from(chunk));
    },
    bytes: () => Buffer.concat(chunks),
  };
}

function floats(name: string, count: number, first: number): OnnxInitializer {
  const data = new Uint8Array(Float32Array.from({ length: count }, (_, i) => first + i).buffer);
  return { name, shape: [count], dataType: 'float32', data };
}

function model(initializers: readonly OnnxInitializer[]): OnnxModel {
  const value = { name: 'x', dataType: 'float32', shape: [1] } as const;
  const nodes = [{ name: 'n', opType: 'Identity', inputs: ['x'], outputs: ['y'] }];
  const graph = { name: 'g', nodes, initializers, inputs: [value], outputs: [{ ...value, name: 'y' }] };
  return { opset: 13, producerName: 'test', metadata: { key: 'value' }, graph };
}

/** Where a decoded tensor says that its bytes lie. */
function placeOf({ externalData }: onnx.TensorProto): { location: string; offset: number; length: number } {
  const entries = Object.fromEntries((externalData ?? []).map(({ key, value }) => [key, value]));
  return {
    location: String(entries['location']),
    offset: Number(entries['offset']),
    length: Number(entries['length']),
  };
}

describe('writeExternalModel', () => {
  const initializers = [floats('small', 3, 1), floats('large', 300_000, 100), floats('last', 5, 7)];

  it('writes a model that finds every element in the file of data', async () => {
    const sink = collector();
    const { dataSizeBytes, encode } = await writeExternalModel(sink, model(initializers));
    const data = sink.bytes();
    expect(data.length).toBe(dataSizeBytes);
    const decoded = onnx.ModelProto.decode(encode('m.onnx.data'));
    const tensors = decoded.graph?.initializer ?? [];
    expect(tensors.map(({ name }) => name)).toEqual(['small', 'large', 'last']);
    for (const [index, tensor] of tensors.entries()) {
      expect(tensor).toMatchObject({ dataLocation: onnx.TensorProto.DataLocation.EXTERNAL, dataType: 1 });
      const { location, offset, length } = placeOf(tensor as onnx.TensorProto);
      expect(location).toBe('m.onnx.data');
      expect(data.subarray(offset, offset + length).equals(initializers[index]?.data as Uint8Array)).toBe(true);
    }
  });

  it('says of everything else what one file would say', async () => {
    const whole = collector();
    await writeModel(whole, model(initializers));
    const { encode } = await writeExternalModel(collector(), model(initializers));
    const [one, other] = [whole.bytes(), encode('d')].map((bytes) => onnx.ModelProto.decode(bytes));
    for (const decoded of [one, other]) if (decoded?.graph) decoded.graph.initializer = [];
    expect(other).toEqual(one);
  });

  it('begins large tensors at pages, small ones at cache lines, with zeros between', async () => {
    const sink = collector();
    const { encode } = await writeExternalModel(sink, model(initializers));
    const tensors = onnx.ModelProto.decode(encode('d')).graph?.initializer ?? [];
    const [small, large, last] = tensors.map((tensor) => placeOf(tensor as onnx.TensorProto).offset);
    expect([small, large]).toEqual([0, 4096]);
    expect((last ?? 1) % 64).toBe(0);
    expect(
      sink
        .bytes()
        .subarray(12, 4096)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it('reports progress up to the size of the data', async () => {
    const seen: [number, number][] = [];
    const onProgress = (written: number, total: number) => void seen.push([written, total]);
    const { dataSizeBytes } = await writeExternalModel(collector(), model(initializers), { onProgress });
    expect(seen.at(-1)).toEqual([dataSizeBytes, dataSizeBytes]);
  });

  it.each(['', '.', '..', 'a/b', '/a', 'a\\b', 'a\0b'])('refuses %j as the name of the data', async (location) => {
    const { encode } = await writeExternalModel(collector(), model([]));
    expect(() => encode(location)).toThrow(RangeError);
  });

  it('places what lies beyond 4 GiB', async () => {
    const GIB = 2 ** 30;
    const anything = { sizeBytes: GIB, readInto: async () => undefined };
    const data = { source: anything, offsetBytes: 0, lengthBytes: GIB };
    const huge = Array.from({ length: 5 }, (_, i) => ({ ...floats(`w${i}`, 1, 0), shape: [GIB / 4], data }));
    expect(modelSizeBytes(model(huge))).toBeGreaterThan(5 * GIB);
    let writtenBytes = 0;
    const sink = {
      async write(chunk: Uint8Array) {
        writtenBytes += chunk.length;
      },
    };
    const { dataSizeBytes, encode } = await writeExternalModel(sink, model(huge));
    expect([writtenBytes, dataSizeBytes]).toEqual([5 * GIB, 5 * GIB]);
    const last = onnx.ModelProto.decode(encode('d')).graph?.initializer?.at(-1);
    expect(placeOf(last as onnx.TensorProto)).toEqual({ location: 'd', offset: 4 * GIB, length: GIB });
  });
});
