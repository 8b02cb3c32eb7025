import {
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyCounter,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PySet,
  PyTuple,
  TorchDevice,
  TorchDtype,
  TorchSize,
} from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { saved } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { portableValue } from './portable-value.js';

function array(code: string, { buffer }: ArrayBufferView, shape: number[], byteOrder: '<' | '>' = '<'): NumpyArray {
  const dtype = Object.assign(new NumpyDtype(code), { byteOrder });
  return Object.assign(new NumpyArray('numpy.core.multiarray'), { dtype, shape, bytes: new Uint8Array(buffer) });
}

function scalar(code: string, { buffer }: ArrayBufferView): NumpyScalar {
  return new NumpyScalar('numpy._core.multiarray', new NumpyDtype(code), new Uint8Array(buffer));
}

async function bytesOf({ storage }: Tensor): Promise<Buffer> {
  const bytes = Buffer.alloc(storage.sizeBytes);
  await storage.source.readInto(bytes, storage.offsetBytes);
  return bytes;
}

describe('portableValue', () => {
  it('keeps what every PyTorch reads', () => {
    const value = new PyDict([
      ['list', [1, 2n ** 70n, new PyFloat(Number.POSITIVE_INFINITY), null, true, 'x', '\udce9']],
      ['tuple', new PyTuple([1, new TorchSize([2, 3]), new TorchDtype('float16')])],
      [3, new OrderedDict([['a', 1]])],
      ['3', 'text'],
      [new PyTuple([1, 2]), null],
    ]);
    expect(portableValue(value)).toEqual(value);
  });

  it.each<[string, PickleValue, PickleValue]>([
    ['a NumPy float', scalar('f8', Float64Array.of(0.25)), new PyFloat(0.25)],
    ['a NumPy float of 16 bits', scalar('f2', Uint16Array.of(0x3800)), new PyFloat(0.5)],
    ['a NumPy int', scalar('u8', BigUint64Array.of(2n ** 63n)), 2n ** 63n],
    ['a NumPy array', array('i4', Int32Array.of(1, 2), [2, 1]), [[1], [2]]],
    ['bytes', Buffer.from('abc'), [97, 98, 99]],
    ['a bytearray', new PyByteArray(Uint8Array.of(1)), [1]],
    ['a set', new PySet([1, 2]), [1, 2]],
    ['a Counter', new PyCounter([['a', 1]]), new PyDict([['a', 1]])],
    ['a device', new TorchDevice('cuda', 0), 'cuda:0'],
    ['an element type that PyTorch 1.13 does not know', new TorchDtype('bfloat16'), 'torch.bfloat16'],
    ['a class', new PyGlobal('torch.nn.ReLU'), 'torch.nn.ReLU'],
    [
      'an object',
      new PyObject('trainer.Phase', [2n ** 60n]),
      new PyDict([['trainer.Phase', new PyTuple([2n ** 60n])]]),
    ],
    ['an integer too large to be written', 2n ** 4000n, `0x1${'0'.repeat(1000)}`],
  ])('turns %s into the nearest that they read', (_name, value, expected) => {
    expect(portableValue([value])).toEqual([expected]);
  });

  it('turns a complex number into a tensor', async () => {
    const tensor = portableValue(new PyComplex(1, 2)) as Tensor;
    expect(tensor).toMatchObject({ dtype: 'complex128', shape: [] });
    expect(await bytesOf(tensor)).toEqual(Buffer.from(Float64Array.of(1, 2).buffer));
  });

  it('turns large arrays and bytes into tensors, of one storage where they have the same bytes', async () => {
    const large = array(
      'f4',
      Uint8Array.from({ length: 20_000 }, (_, at) => at % 4),
      [5, 1000],
      '>',
    );
    large.isFortranOrder = true;
    const bytes = new Uint8Array(5000);
    const [one, other, raw] = portableValue([
      large,
      Object.assign(array('f4', bytes, [5000]), large),
      bytes,
    ]) as Tensor[];
    expect(one).toMatchObject({ dtype: 'float32', shape: [5, 1000], stride: [1, 5] });
    expect(one?.storage).toBe(other?.storage);
    expect((await bytesOf(one as Tensor)).subarray(0, 4)).toEqual(Buffer.of(3, 2, 1, 0));
    expect(raw).toMatchObject({ dtype: 'uint8', shape: [5000] });
  });

  it('turns big-endian numbers round once, however often a file names them', () => {
    const one = array('f8', new Uint8Array(1 << 20), [1 << 17], '>');
    const again = Object.assign(array('f8', new Uint8Array(0), [0]), one);
    const started = performance.now();
    const many = portableValue(Array.from({ length: 10_000 }, () => Object.assign(array('f8', one.bytes, []), again)));
    expect(new Set((many as Tensor[]).map(({ storage }) => storage)).size).toBe(1);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('bounds the lists that arrays become', () => {
    const arrays = Array.from({ length: 100 }, () => array('f8', new Float64Array(4096), [4096]));
    const copies = portableValue(arrays) as PickleValue[];
    expect(Array.isArray(copies[0])).toBe(true);
    expect(copies.at(-1)).toMatchObject({ dtype: 'float64', shape: [4096] });
  });

  it('gives keys that nobody reads a text of their own', () => {
    const value = new PyDict([
      [Buffer.from('a'), 'bytes'],
      ['a', 'text'],
      [new PyTuple([new TorchDevice('cpu', undefined)]), 'tuple'],
      [scalar('i8', BigInt64Array.of(7n)), 'number'],
    ]);
    expect(portableValue(value)).toEqual(
      new PyDict([
        ['a (bytes)', 'bytes'],
        ['a', 'text'],
        ['["cpu"]', 'tuple'],
        [7, 'number'],
      ]),
    );
  });

  it('copies a value that is named again and again only once', () => {
    let value: PickleValue = ['x'];
    for (let depth = 0; depth < 100; depth++) value = depth % 2 ? [value, value] : new PyTuple([value, value]);
    const copy = portableValue(value) as PickleValue[];
    expect(copy[0]).toBe(copy[1]);
    const key = Array.from({ length: 100 }).reduce<PickleValue>((inner) => new PyTuple([inner, inner]), 1);
    expect((portableValue(new PyDict([[key, 1]])) as PyDict).size).toBe(1);
  });

  it('keeps containers that contain themselves, and says where objects do', async () => {
    const config = new PyDict();
    const tuple = new PyTuple([[config]]);
    const thing = new PyObject('trainer.Thing', [config]);
    (tuple.items[0] as PickleValue[]).push(tuple);
    config.set('self', config).set('tuple', tuple).set('thing', thing);
    thing.state = new PyDict([['parent', thing]]);
    const copy = portableValue(config) as PyDict;
    expect(copy.get('self')).toBe(copy);
    const tupleCopy = copy.get('tuple') as PyTuple;
    expect((tupleCopy.items[0] as PickleValue[])[0]).toBe(copy);
    expect((tupleCopy.items[0] as PickleValue[])[1]).toBe(tupleCopy);
    const call = copy.get('thing') as PyDict;
    expect((call.get('trainer.Thing') as PyTuple).items[0]).toBe(copy);
    expect((call.get('state') as PyDict).get('parent')).toBe('(the same object again)');
  });

  it('names what stands too deep', () => {
    const deep = Array.from({ length: 20_000 }).reduce<PickleValue>((inner) => [inner], 1);
    let inner = portableValue(deep);
    while (Array.isArray(inner)) inner = inner[0] ?? null;
    expect(inner).toBe('(a list, too deep to be kept)');
  });

  it('gives what can be saved, by names that every safe loader knows', async () => {
    const value = [
      ...[new PyComplex(1, 2), Buffer.alloc(5000), new PySet([1]), new PyCounter(), new TorchDevice('cpu', 0)],
      ...[new TorchDtype('bool'), new TorchDtype('int8'), new TorchSize([1]), new PyByteArray(Buffer.alloc(1))],
      ...[new NumpyDtype('f8'), scalar('f8', Float64Array.of(1)), array('f8', new Float64Array(5000), [5000])],
      ...[new PyGlobal('os.system'), new PyObject('os.system', ['x']), new OrderedDict([['a', 1]])],
    ];
    const file = await saved(portableValue(value));
    const bytes = Buffer.alloc(file.sizeBytes);
    await file.readInto(bytes, 0);
    const names = bytes.toString('latin1').matchAll(/c([\w.]+)\n(\w+)\n/g);
    expect([...names].map(([, module, name]) => `${module}.${name}`).sort()).toEqual([
      'collections.OrderedDict',
      'torch.ByteStorage',
      'torch.ComplexDoubleStorage',
      'torch.DoubleStorage',
      'torch.Size',
      'torch._utils._rebuild_tensor_v2',
      'torch.int8',
    ]);
  });
});
