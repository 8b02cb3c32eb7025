import { createHash } from 'node:crypto';
import { BufferSource } from '@caissa/bytes';
import type { JsonValue } from '@caissa/formats';
import { describe, expect, it } from 'vitest';
import { readFixture, rootDict } from '../test-support/fixtures.js';
import { fromJson, toJson } from './json-value.js';
import {
  type CheckpointTensor,
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
import { readNumbers } from './read-numbers.js';

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

function array(
  code: string,
  shape: number[],
  { buffer, byteLength }: ArrayBufferView,
  { byteOrder = '<', isFortranOrder = false }: { byteOrder?: '<' | '>'; isFortranOrder?: boolean } = {},
): NumpyArray {
  const dtype = new NumpyDtype(code);
  dtype.byteOrder = byteOrder;
  const made = new NumpyArray('numpy.core.multiarray');
  return Object.assign(made, { dtype, shape, isFortranOrder, bytes: new Uint8Array(buffer, 0, byteLength) });
}

/** An x87 number: mantissa, exponent with sign, padding. */
function longDouble(mantissa: bigint, head: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, mantissa, true);
  view.setUint16(8, head, true);
  return new Uint8Array(view.buffer);
}

function object({ args = [], ...rest }: Partial<PyObject>): PyObject {
  return Object.assign(new PyObject('trainer.Thing', args), rest);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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
      { shape: [2, 1], dtype: 'float32' },
    ],
    ['a storage', new PyStorage(storage, true), { size_bytes: 8 }],
    ['bytes that are text', Buffer.from('größer\n'), 'größer\n'],
    ['bytes that are not', Uint8Array.of(1, 2), { base64: 'AQI=' }],
    ['bytes that are not UTF-8', Uint8Array.of(0x61, 0xff), { base64: 'Yf8=' }],
    ['many bytes', new Uint8Array(4097), { size_bytes: 4097, sha256: sha256(new Uint8Array(4097)) }],
    ['a bytearray', new PyByteArray(Uint8Array.of(1)), { base64: 'AQ==' }],
    ['a complex', new PyComplex(1, -2), [1, -2]],
    ['a device', new TorchDevice('cuda', 1), 'cuda:1'],
    ['a device without index', new TorchDevice('cpu', undefined), 'cpu'],
    ['a dtype', new TorchDtype('float32'), 'torch.float32'],
    ['a numpy dtype', new NumpyDtype('f8'), 'numpy.float64'],
    ['a numpy array', array('f8', [3], Float64Array.of(3, 2, 1)), [3, 2, 1]],
    [
      'a numpy array of two axes',
      array('i2', [2, 2], Int16Array.of(1, 2, 3, 4)),
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      'one in columns',
      array('i2', [2, 2], Int16Array.of(1, 2, 3, 4), { isFortranOrder: true }),
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['one of big-endian numbers', array('u2', [2], Uint8Array.of(1, 0, 0, 1), { byteOrder: '>' }), [256, 1]],
    ['one without axes', array('u8', [], BigUint64Array.of(2n ** 63n)), '9223372036854775808'],
    ['an empty one', array('f8', [0, 3], new Float64Array(0)), []],
    [
      'a large one',
      array('f4', [4097], new Float32Array(4097)),
      { shape: [4097], dtype: 'float32', sha256: sha256(new Uint8Array(4097 * 4)) },
    ],
    [
      'one of many empty lists',
      array('f4', [1_000_000, 0], new Float32Array(0)),
      { shape: [1_000_000, 0], dtype: 'float32', sha256: sha256(new Uint8Array(0)) },
    ],
    ['a numpy float', scalar('f8', Float64Array.of(0.25)), 0.25],
    ['a numpy NaN', scalar('f4', Float32Array.of(Number.NaN)), null],
    ['a numpy int', scalar('i8', BigInt64Array.of(-7n)), -7],
    ['a large numpy int', scalar('u8', BigUint64Array.of(2n ** 63n)), '9223372036854775808'],
    ['a big-endian numpy int', scalar('i2', Uint8Array.of(1, 0), '>'), 256],
    ['a numpy bool', scalar('b1', Uint8Array.of(1)), true],
    ['a numpy float of 16 bits', scalar('f2', Uint16Array.of(0x3800)), 0.5],
    ['a numpy complex', scalar('c8', Float32Array.of(1, 2)), [1, 2]],
    ['a numpy longdouble', scalar('f16', longDouble(0x8000_0000_0000_0000n, 0xc000)), -2],
    [
      'one that is no float64',
      scalar('f16', longDouble(0x8000_0000_0000_0001n, 0x3fff)),
      { base64: 'AQAAAAAAAID/PwAAAAAAAA==' },
    ],
    [
      'a number that is unknown',
      scalar('c32', new Uint8Array(32)),
      { dtype: 'complex256', bytes: { base64: Buffer.alloc(32).toString('base64') } },
    ],
    ['a class', new PyGlobal('torch.nn.ReLU'), 'torch.nn.ReLU'],
    ['a member of an enum', new PyObject('trainer.Phase', [1]), { 'trainer.Phase': [1] }],
    ['a named tuple', new PyObject('trainer.Result', [3, 1]), [3, 1]],
    ['a dataclass', object({ state: new PyDict([['lr', 1]]) }), { lr: 1 }],
    ['a class with slots', object({ state: new PyTuple([null, new PyDict([['lr', 1]])]) }), { lr: 1 }],
    ['an empty namespace', new PyObject('argparse.Namespace'), {}],
    ['a built-in function', new PyGlobal('__builtin__.max'), 'max'],
    ['a call of one', new PyObject('__builtin__.slice'), { slice: [] }],
    ['a subclass of dict', object({ dict: new PyDict([['lr', 1]]), state: new PyDict() }), { lr: 1 }],
    [
      'one with attributes',
      object({ dict: new PyDict([['lr', 1]]), state: new PyDict([['x', 2]]) }),
      { items: { lr: 1 }, attributes: { x: 2 } },
    ],
    [
      'one with a state of its own',
      object({ dict: new PyDict([['lr', 1]]), state: 5 }),
      { items: { lr: 1 }, attributes: 5 },
    ],
    ['one with attributes alone', object({ dict: new PyDict(), state: new PyDict([['x', 2]]) }), { x: 2 }],
    ['a subclass of list', object({ list: [1, 2] }), [1, 2]],
    [
      'one of those with attributes',
      object({ list: [1, 2], state: new PyDict([['x', 2]]) }),
      { items: [1, 2], attributes: { x: 2 } },
    ],
    [
      'an object of arguments and attributes',
      object({ args: [1], state: new PyDict([['x', 2]]) }),
      { 'trainer.Thing': [1], state: { x: 2 } },
    ],
    ['a lone surrogate', 'partie_\udce9.pgn', 'partie_\ufffd.pgn'],
    ['a very large int', -(2n ** 4000n), `-0x1${'0'.repeat(1000)}`],
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

  it('tells keys apart that are one as texts', () => {
    const json = toJson(
      new PyDict([
        [1, 'number'],
        ['1', 'text'],
        ['\udce9', 'one'],
        ['\udcea', 'other'],
        [new PyTuple([1, 2]), 'tuple'],
        [new PyTuple([1, 2]), 'another'],
        [new PyTuple([1, 2]), 'a third'],
        [new PyFloat(Number.NaN), 'nan'],
      ]),
    );
    expect(json).toEqual({
      '1 (int)': 'number',
      1: 'text',
      '\ufffd': 'one',
      '\ufffd (str)': 'other',
      '[1,2]': 'tuple',
      '[1,2] (tuple)': 'another',
      '[1,2] (tuple, 2)': 'a third',
      NaN: 'nan',
    });
  });

  it('names a container where it stands in itself', () => {
    const config = new PyDict();
    const list: PickleValue[] = [new PyTuple([config])];
    config.set('self', config).set('list', list).set('twice', list);
    const again = '(the same dict again)';
    expect(toJson(config)).toEqual({ self: again, list: [[again]], twice: [[again]] });
    const thing = new PyObject('trainer.Thing');
    thing.state = new PyDict([['parent', thing]]);
    expect(toJson(thing)).toEqual({ parent: '(the same object again)' });
  });

  it('pays for descriptions, also of what lies deep', () => {
    const tensor = { storage, dtype: 'float32', offset: 0, shape: Array.from({ length: 50_000 }, () => 1), stride: [] };
    const deep = Array.from({ length: 150 }).reduce<PickleValue>((inner) => [inner], tensor as CheckpointTensor);
    const started = performance.now();
    expect(JSON.stringify(toJson(Array.from({ length: 500 }, () => deep))).length).toBeLessThan(1 << 20);
    const many = Array.from({ length: 10 }, () => tensor as CheckpointTensor);
    expect(() => toJson(many)).toThrow(expect.objectContaining({ code: 'OUTPUT_LIMIT' }));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('shows the numbers of tensors that were read', async () => {
    const elements = new Uint8Array(Float64Array.of(0.75, 0.5, 0.25).buffer);
    const inMemory = { ...storage, dtype: 'float64' as const, sizeBytes: 24, source: new BufferSource(elements) };
    const view = (shape: number[], offset = 0): CheckpointTensor => {
      return { storage: inMemory, dtype: 'float64', offset, shape, stride: shape.map(() => 1) };
    };
    const large = { ...view([5000]), stride: [0] };
    const metadata = new PyDict([
      ['win_rate', view([])],
      ['losses', new PyTuple([view([2], 1)])],
      ['large', large],
    ]);
    expect(toJson(metadata, { numbers: await readNumbers(metadata) })).toEqual({
      win_rate: 0.75,
      losses: [[0.5, 0.25]],
      large: { shape: [5000], dtype: 'float64' },
    });
  });

  it('shows what lies deep as a description, and bounds what unfolds', () => {
    const deep = Array.from({ length: 500 }).reduce<PickleValue>((inner) => [inner], 1);
    expect(JSON.stringify(toJson(deep))).toContain('(a list, too deep to be shown)');
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
