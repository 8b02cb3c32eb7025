import { BufferSource } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import {
  type CheckpointTensor,
  type PickleValue,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PyTuple,
} from '../pickle-value.js';
import { writePickle } from './write-pickle.js';

const text = (value: PickleValue) => Buffer.from(writePickle(value).bytes).toString('latin1');

describe('writePickle', () => {
  it('writes lone surrogates as Python does with surrogatepass, and pairs as one character', () => {
    const bytes = Buffer.from(writePickle('a\udce9é\ud83d\ude00\ud800').bytes);
    const expected = Buffer.from('61edb3a9c3a9f09f9880eda080', 'hex');
    expect(bytes.subarray(2, 7 + expected.length)).toEqual(
      Buffer.concat([Buffer.of(0x58, expected.length, 0, 0, 0), expected]),
    );
  });

  it('takes no more memory for a container than its bytes', () => {
    const dict = new PyDict(Array.from({ length: 300_000 }, (_, at) => [at, new PyFloat(at)] as const));
    const cpu = process.cpuUsage();
    const { bytes } = writePickle([dict, new PyTuple(Array.from({ length: 300_000 }, () => 1))]);
    const { user, system } = process.cpuUsage(cpu);
    expect(bytes.length).toBeGreaterThan(4e6);
    expect((user + system) / 1e6).toBeLessThan(1);
  });

  it.each([0, 1, 2, 1000, 1001, 2002])('adds %d items in batches, as CPython does', (count) => {
    const items = Array.from({ length: count }, () => null);
    const batches = [...Array(Math.floor(count / 1000)).fill(1000), count % 1000].filter((size) => size > 0);
    const listed = batches.map((size) => (size === 1 ? 'Na' : `(${'N'.repeat(size)}e`)).join('');
    expect(text(items)).toBe(`\x80\x02]q\x00${listed}.`);
  });

  it('writes containers that contain themselves', () => {
    const config = new PyDict();
    config.set('self', config).set('list', [config]);
    expect(text(config).endsWith('.')).toBe(true);
    const tuple = new PyTuple([]);
    Object.assign(tuple, { items: [[tuple]] });
    expect(text(tuple).endsWith('.')).toBe(true);
  });

  it.each([new PyGlobal('os.system'), new PyObject('os.system', ['x'])])('refuses %o', (value) => {
    expect(() => writePickle([value])).toThrow(expect.objectContaining({ code: 'PICKLE_GLOBAL' }));
  });

  it('refuses an integer that no safe loader reads, at once', () => {
    expect(() => writePickle(2n ** 2039n)).toThrow(expect.objectContaining({ code: 'PICKLE_LIMIT' }));
    expect(() => writePickle(2n ** 10_000_000n)).toThrow(expect.objectContaining({ code: 'PICKLE_LIMIT' }));
    expect(text(-(2n ** 2039n))).toContain('\x8a\xff');
  });

  it.each([
    ['int64', false, '\x89'],
    ['int64', true, '\x89'],
    ['float32', false, '\x88'],
    ['complex64', true, '\x88'],
  ] as const)('lets only real and complex tensors require gradients: %s', (dtype, isParameter, flag) => {
    const source = new BufferSource(new Uint8Array(8));
    const storage = { key: '0', dtype, sizeBytes: 8, source, offsetBytes: 0 };
    const tensor: CheckpointTensor = {
      storage,
      dtype,
      offset: 0,
      shape: [1],
      stride: [1],
      requiresGrad: true,
      isParameter,
    };
    const flags = text(tensor).match(/[\x88\x89](?=c|h)/g);
    expect(flags?.at(-1)).toBe(flag);
  });
});
