import { BufferSource } from '@caissa/bytes';
import type { JsonValue } from '@caissa/formats';
import { describe, expect, it } from 'vitest';
import { readFixture, rootDict } from '../test-support/fixtures.js';
import { fromJson, toJson } from './json-value.js';
import {
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PySet,
  PyStorage,
  PyTuple,
  TorchDevice,
  TorchDtype,
  TorchSize,
} from './pickle-value.js';

const storage = {
  key: '0',
  dtype: 'float32',
  sizeBytes: 8,
  source: new BufferSource(new Uint8Array(8)),
  offsetBytes: 0,
} as const;

function scalar(code: string, bytes: ArrayBufferView, byteOrder: '<' | '>' = '<'): NumpyScalar {
  const dtype = new NumpyDtype(code);
  dtype.byteOrder = byteOrder;
  return new NumpyScalar('numpy.core.multiarray', dtype, new Uint8Array(bytes.buffer));
}

describe('toJson', () => {
  it.each<[string, PickleValue, JsonValue]>([
    ['None', null, null],
    ['an int', 5, 5],
    ['a float', new PyFloat(0.5), 0.5],
    ['NaN', new PyFloat(Number.NaN), null],
    ['infinity', new PyFloat(Number.NEGATIVE_INFINITY), null],
    ['a bigint', 2n ** 64n, '18446744073709551616'],
    ['a list', [1, [true]], [1, [true]]],
    ['a tuple', new PyTuple([1, 'x']), [1, 'x']],
    ['a set', new PySet([1, 2]), [1, 2]],
    ['a torch.Size', new TorchSize([14, 8, 8]), [14, 8, 8]],
    [
      'keys that are no text',
      new PyDict([
        [1, 'a'],
        [null, 'b'],
        [false, 'c'],
        [new PyFloat(0.5), 'd'],
      ]),
      { 1: 'a', null: 'b', false: 'c', 0.5: 'd' },
    ],
    ['an OrderedDict', new OrderedDict([['k', 1]]), { k: 1 }],
    [
      'a tensor',
      { storage, dtype: 'float32', offset: 0, shape: [2, 1], stride: [1, 1] },
      'tensor(shape=[2, 1], dtype=float32)',
    ],
    ['a storage', new PyStorage(storage, true), 'storage(8 bytes)'],
    ['bytes', Uint8Array.of(1, 2), 'bytes(2)'],
    ['a bytearray', new PyByteArray(Uint8Array.of(1)), 'bytearray(1)'],
    ['a complex', new PyComplex(1, -2), 'complex(1, -2)'],
    ['a device', new TorchDevice('cuda', 1), 'cuda:1'],
    ['a device without index', new TorchDevice('cpu', undefined), 'cpu'],
    ['a dtype', new TorchDtype('float32'), 'torch.float32'],
    ['an object', new PyObject('trainer.Config'), '<trainer.Config>'],
    ['a class', new PyGlobal('trainer.Config'), '<trainer.Config>'],
    ['a numpy dtype', new NumpyDtype('f8'), 'numpy.dtype(f8)'],
    ['a numpy array', new NumpyArray('numpy.core.multiarray'), 'numpy.ndarray(shape=[0], dtype=u1)'],
    ['a numpy float', scalar('f8', Float64Array.of(0.25)), 0.25],
    ['a numpy NaN', scalar('f4', Float32Array.of(Number.NaN)), null],
    ['a numpy int', scalar('i8', BigInt64Array.of(-7n)), -7],
    ['a large numpy int', scalar('u8', BigUint64Array.of(2n ** 63n)), '9223372036854775808'],
    ['a big-endian numpy int', scalar('i2', Uint8Array.of(1, 0), '>'), 256],
    ['a numpy bool', scalar('b1', Uint8Array.of(1)), true],
    ['a numpy float that JavaScript has not', scalar('f2', Uint16Array.of(0)), 'numpy.scalar(f2)'],
  ])('shows %s', (_name, value, expected) => {
    expect(toJson(value)).toEqual(expected);
  });

  it.each<[string, PickleValue]>([
    ['a text named again and again', Array.from({ length: 5 }, () => 'four')],
    ['long keys', new PyDict([['k'.repeat(17), null]])],
    ['a torch.Size of many', new TorchSize(Array.from({ length: 10 }, () => 1))],
    ['many values', Array.from({ length: 10 }, () => 1)],
  ])('refuses %s beyond the limits', (_name, value) => {
    const error = expect.objectContaining({ code: 'OUTPUT_LIMIT' });
    expect(() => toJson(value, { values: 10, characters: 16 })).toThrow(error);
  });

  it('makes keys that would harm an object ordinary ones', () => {
    const json = toJson(
      new PyDict([
        ['__proto__', new PyDict([['admin', true]])],
        ['constructor', 1],
      ]),
    );
    expect(Object.keys(json ?? {})).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect((json as Record<string, unknown>)['admin']).toBeUndefined();
    expect(JSON.stringify(json)).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });

  it('shows what lies deep as a description, and bounds what unfolds', () => {
    const deep = Array.from({ length: 500 }).reduce<PickleValue>((inner) => [inner], 1);
    expect(JSON.stringify(toJson(deep))).toContain('list(…)');
    const doubled = Array.from({ length: 40 }).reduce<PickleValue>((inner) => [inner, inner], 1);
    expect(() => toJson(doubled)).toThrow(expect.objectContaining({ code: 'OUTPUT_LIMIT' }));
  });

  it('shows the metadata of a real checkpoint', async () => {
    const metadata = rootDict(await readFixture('2.13', 'checkpoint.pt')).get('metadata') ?? null;
    expect(toJson(metadata)).toMatchObject({ version: 1, learning_rate: 0.001, device: 'CPU', num_positions: 33 });
  });
});

describe('fromJson', () => {
  it('gives what json.loads would', () => {
    const value = fromJson({ int: 3, float: 0.5, list: [null, true, 'x'], nested: { k: 1 }, huge: 1e300 });
    expect(value).toEqual(
      new PyDict([
        ['int', 3],
        ['float', new PyFloat(0.5)],
        ['list', [null, true, 'x']],
        ['nested', new PyDict([['k', 1]])],
        ['huge', new PyFloat(1e300)],
      ]),
    );
  });

  it('keeps a key such as __proto__', () => {
    const value = fromJson(JSON.parse('{"__proto__": 1}') as JsonValue);
    expect(value).toEqual(new PyDict([['__proto__', 1]]));
  });
});
