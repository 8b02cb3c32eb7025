import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemorySink } from '@caissa/testing/memory-sink';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onnx } from '../../generated/onnx.js';
import type { OnnxInitializer, OnnxModel } from '../model.js';
import { writeExternalModel } from '../write-external-model.js';
import { writeModel } from '../write-model.js';
import { readInitializers } from './initializers.js';

const DATA = Uint8Array.from({ length: 24 }, (_, i) => i);
const value = { name: 'x', dataType: 'float32', shape: ['n'] } as const;

function model(...initializers: OnnxInitializer[]): OnnxModel {
  const nodes = [{ name: 'n', opType: 'Identity', inputs: ['x'], outputs: ['y'] }];
  const graph = { name: 'g', nodes, initializers, inputs: [value], outputs: [{ ...value, name: 'y' }] };
  return { opset: 17, producerName: 'test', metadata: {}, graph };
}

const MATRIX: OnnxInitializer = { name: 'matrix', shape: [2, 300, 0], dataType: 'float32', data: new Uint8Array(0) };
const WEIGHT: OnnxInitializer = { name: 'weight', shape: [2, 3], dataType: 'float32', data: DATA };

let path: string;
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'caissa-initializers-')), 'model.onnx');
});
afterAll(() => rm(join(path, '..'), { recursive: true }));

describe('readInitializers', () => {
  it('finds names, shapes and bytes in a model that was written', async () => {
    const sink = new MemorySink();
    await writeModel(sink, model(MATRIX, WEIGHT));
    await writeFile(path, sink.bytes);
    const [matrix, weight] = readInitializers(path);
    expect(matrix).toMatchObject({ name: 'matrix', shape: [2, 300, 0], lengthBytes: 0 });
    expect(weight).toMatchObject({ name: 'weight', shape: [2, 3], lengthBytes: 24 });
    expect(weight).not.toHaveProperty('location');
    const bytes = (await readFile(path)).subarray(weight?.offsetBytes);
    expect(bytes.subarray(0, 24).equals(DATA)).toBe(true);
  });

  it('finds the place of bytes that lie in another file', async () => {
    const { encode } = await writeExternalModel(new MemorySink(), model(WEIGHT, { ...WEIGHT, name: 'other' }));
    await writeFile(path, encode('model.data'));
    expect(readInitializers(path)).toEqual([
      { name: 'weight', shape: [2, 3], location: 'model.data', offsetBytes: 0, lengthBytes: 24 },
      { name: 'other', shape: [2, 3], location: 'model.data', offsetBytes: 64, lengthBytes: 24 },
    ]);
  });

  it.each<[string, object]>([
    ['float16', { name: 'w', dims: [1], dataType: 10, rawData: new Uint8Array(2) }],
    ['without a name', { dims: [1], dataType: 1, rawData: new Uint8Array(4) }],
    ['of numbers that are not raw bytes', { name: 'w', dims: [1], dataType: 1 }],
  ])('refuses an initializer %s', async (_, tensor) => {
    await writeFile(path, onnx.ModelProto.encode({ graph: { initializer: [tensor] } }).finish());
    expect(() => readInitializers(path)).toThrow(RangeError);
  });
});
