import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnnxModel } from '../model.js';
import { writeExternalModel } from '../write-external-model.js';
import { writeModel } from '../write-model.js';
import { assertOnlyDataFile, referencesExternalData } from './external-data.js';

const MODEL: OnnxModel = {
  opset: 17,
  producerName: 'test',
  metadata: {},
  graph: {
    name: 'g',
    nodes: [{ name: 'n', opType: 'Mul', inputs: ['x', 'w'], outputs: ['y'], attributes: { a: { ints: [1, 2] } } }],
    initializers: [{ name: 'w', shape: [3], dataType: 'float32', data: new Uint8Array(12) }],
    inputs: [{ name: 'x', dataType: 'float32', shape: ['n', 3] }],
    outputs: [{ name: 'y', dataType: 'float32', shape: ['n', 3] }],
  },
};

/** The bytes of {@link MODEL}, as the writer writes it. */
async function modelBytes(): Promise<number[]> {
  const chunks: Uint8Array[] = [];
  await writeModel({ write: async (chunk) => void chunks.push(chunk.slice()) }, MODEL);
  return [...Buffer.concat(chunks)];
}

/** A length-delimited protobuf field with a short payload. */
function field(number: number, payload: number[]): number[] {
  const length = payload.length < 128 ? [payload.length] : [(payload.length & 0x7f) | 0x80, payload.length >> 7];
  return [
    ...(number < 16 ? [number * 8 + 2] : [((number * 8 + 2) & 0x7f) | 0x80, (number * 8) >> 7]),
    ...length,
    ...payload,
  ];
}

let folder: string;
async function check(bytes: number[]): Promise<boolean> {
  const path = join(folder, 'model.onnx');
  await writeFile(path, Uint8Array.from(bytes));
  return referencesExternalData(path);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-external-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('referencesExternalData', () => {
  it('agrees with the writer', async () => {
    expect(await check(await modelBytes())).toBe(false);
    const external = await writeExternalModel({ write: async () => undefined }, MODEL);
    expect(await check([...external.encode('weights.data')])).toBe(true);
  });

  it.each<[string, number[]]>([
    ['an initializer', [7, 5]],
    ['an attribute', [7, 1, 5, 5]],
    ['a graph in an attribute', [7, 1, 5, 6, 5]],
    ['a list of tensors in an attribute', [7, 1, 5, 10]],
    ['the values of a sparse initializer', [7, 15, 1]],
    ['a sparse tensor in an attribute', [7, 1, 5, 22, 2]],
    ['the default of a function attribute', [25, 11, 5]],
    ['the graph of training information', [20, 1, 5]],
  ])('finds it in %s', async (_name, path) => {
    const wrap = (tensor: number[]) => path.toReversed().reduce((payload, number) => field(number, payload), tensor);
    expect(await check(wrap(field(13, [])))).toBe(true);
    expect(await check(wrap([14 * 8, 1]))).toBe(true);
    expect(await check(wrap([14 * 8, 0]))).toBe(false);
  });

  it('takes a location that only equals 1 in its low 32 bits for external', async () => {
    const location = [14 * 8, 0x81, 0x80, 0x80, 0x80, 0x10];
    expect(await check(field(7, field(5, location)))).toBe(true);
  });

  it('skips weights that are larger than its window', async () => {
    const raw = Buffer.alloc(300_000, 0x6a);
    const tensor = [9 * 8 + 2, 0xe0, 0xa7, 0x12, ...raw];
    const graph = [5 * 8 + 2, 0xe4, 0xa7, 0x12, ...tensor];
    expect(await check([7 * 8 + 2, 0xe8, 0xa7, 0x12, ...graph])).toBe(false);
  });

  it('refuses a message that is cut, too deep, or has an unknown wire type', async () => {
    const whole = await modelBytes();
    await expect(check(whole.slice(0, -3))).rejects.toThrow(RangeError);
    await expect(check([0x0b])).rejects.toThrow('unknown wire type');
    await expect(check([0x08, ...new Array<number>(11).fill(0x80)])).rejects.toThrow('ten bytes');
    let nested: number[] = [];
    for (let depth = 0; depth < 33; depth++) nested = field(1, field(5, field(6, nested)));
    await expect(check(field(7, nested))).rejects.toThrow('too deep');
  });
});

describe('assertOnlyDataFile', () => {
  const text = (value: string) => [...Buffer.from(value)];
  const entry = (key: string, value: string) => field(13, [...field(1, text(key)), ...field(2, text(value))]);
  const place = (location: string, offset: string, length: string) => [
    ...entry('location', location),
    ...entry('offset', offset),
    ...entry('length', length),
  ];
  const EXTERNAL = [14 * 8, 1];
  const dataFile = { filename: 'weights.data', sizeBytes: 100 };

  async function accepts(tensor: number[], expected = dataFile): Promise<void> {
    const path = join(folder, 'model.onnx');
    await writeFile(join(folder, 'weights.data'), new Uint8Array(100));
    await writeFile(path, Uint8Array.from(field(7, field(5, tensor))));
    assertOnlyDataFile(path, expected);
  }

  it('accepts tensors that lie in the file, up to its last byte', async () => {
    await accepts([...place('weights.data', '0', '100'), ...EXTERNAL]);
    await accepts([...EXTERNAL, ...place('weights.data', '64', '36')]);
    await accepts([]);
  });

  it.each<[string, number[]]>([
    ['another file', place('other.data', '0', '4')],
    ['a path', place('./weights.data', '0', '4')],
    ['a file above', place('../weights.data', '0', '4')],
    ['bytes past the end', place('weights.data', '64', '37')],
    ['a place that is no number', place('weights.data', '-1', '4')],
    ['a number in another notation', place('weights.data', '0x0', '4')],
    ['no place', entry('location', 'weights.data')],
    ['nothing at all', EXTERNAL],
    ['two files', [...place('weights.data', '0', '4'), ...entry('location', 'other.data')]],
    ['more than is known', [...place('weights.data', '0', '4'), ...entry('checksum', 'x')]],
    ['two values of one entry', field(13, [...field(1, text('location')), ...field(2, []), ...field(2, [])])],
    ['a number in place of an entry', [13 * 8, 1]],
  ])('refuses a tensor that refers to %s', async (_, tensor) => {
    await expect(accepts(tensor)).rejects.toThrow(RangeError);
  });

  it('refuses a file that is missing, of another size, or a link', async () => {
    const tensor = place('weights.data', '0', '4');
    await expect(accepts(tensor, { ...dataFile, sizeBytes: 99 })).rejects.toThrow('size it should have');
    await expect(accepts(tensor, { ...dataFile, filename: 'none.data' })).rejects.toThrow('missing');
    await symlink(join(folder, 'weights.data'), join(folder, 'link.data'));
    await expect(accepts(tensor, { ...dataFile, filename: 'link.data' })).rejects.toThrow('missing');
  });
});
