import { crc32 } from 'node:zlib';
import { BufferSource } from '@caissa/bytes';
import { readFloat32, type Tensor } from '@caissa/tensor';
import { describe, expect, it } from 'vitest';
import { asDict, readFixture, rootDict, stateDictOf, TORCH_VERSIONS } from '../test-support/fixtures.js';
import { refusal } from '../test-support/small-checkpoint.js';
import { storageOf, tensorOf, written } from '../test-support/written-checkpoint.js';
import { openArchive } from './archive/archive.js';
import {
  isTensor,
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
  PySet,
  PyStorage,
  PyTuple,
  TorchDevice,
  TorchDtype,
  TorchSize,
} from './pickle-value.js';
import { type CheckpointFile, readCheckpoint } from './read-checkpoint.js';

async function rewritten(root: PickleValue): Promise<CheckpointFile> {
  return readCheckpoint(new BufferSource(await written(root)));
}

/** Values with storages shown by their bytes, and everything else as it is. */
async function comparable(value: PickleValue): Promise<unknown> {
  if (isTensor(value)) {
    const { storage, ...view } = value;
    const bytes = new Uint8Array(storage.sizeBytes);
    await storage.source.readInto(bytes, storage.offsetBytes);
    return { ...view, crc32: crc32(bytes), sizeBytes: storage.sizeBytes, dtype: storage.dtype };
  }
  if (!(value instanceof PyDict)) return value;
  const entries: unknown[] = [value.constructor.name];
  for (const [key, item] of value) entries.push([key, await comparable(item)]);
  if (value instanceof OrderedDict) entries.push(await comparable(value.attributes));
  return entries;
}

describe('a checkpoint that is read and written', () => {
  const files = [
    'checkpoint.pt',
    'checkpoint_legacy.pt',
    'checkpoint_protocol4.pt',
    'views.pt',
    'float16.pt',
    'bfloat16.pt',
    'float64.pt',
    'state_dict_only.pt',
    'training.pt',
  ];

  it.each(TORCH_VERSIONS.flatMap((version) => files.map((name) => [version, name] as const)))(
    'is the same: torch %s, %s',
    async (version, name) => {
      const original = await readFixture(version, name);
      const copy = await rewritten(original.root);
      expect(await comparable(copy.root)).toEqual(await comparable(original.root));
      expect(copy).toMatchObject({ container: 'zip', hasChecksums: true });
      expect(copy.storages.size).toBe(original.storages.size);
    },
  );

  it('has the same bytes however often it is written', async () => {
    const first = await written((await readFixture('2.13', 'training.pt')).root);
    const again = await written((await readFixture('2.13', 'training.pt')).root);
    const copy = await written((await readCheckpoint(new BufferSource(first))).root);
    expect([again.equals(first), copy.equals(first)]).toEqual([true, true]);
  });

  it('has the entries of PyTorch, stored, aligned to 64 bytes, in the named folder', async () => {
    const { root } = await readFixture('2.13', 'checkpoint.pt');
    const archive = await openArchive(new BufferSource(await written(root, { archiveName: 'model_v3' })));
    const entries = [...archive.entries];
    expect(archive.topFolder).toBe('model_v3');
    expect(entries.slice(0, 4).map(([name]) => name)).toEqual(['data.pkl', 'byteorder', 'data/0', 'data/1']);
    expect(entries.at(-1)?.[0]).toBe('version');
    expect(entries.every(([, entry]) => entry.dataOffset % 64 === 0 && entry.method === 0)).toBe(true);
  });

  it('has shared storages once, and only those that are used', async () => {
    const views = stateDictOf(await readFixture('2.13', 'views.pt'));
    const pair = new PyDict(['bn_input.weight', 'bn_input.bias'].map((name) => [name, views.get(name) ?? null]));
    const copy = await rewritten(pair);
    expect([...copy.storages.keys()]).toEqual(['0']);
    const [weight, bias] = [...rootDict(copy).values()];
    expect(isTensor(weight) && isTensor(bias) && weight.storage === bias.storage && bias.offset).toBe(8);
  });
});

describe('values', () => {
  const dtype = new NumpyDtype('i4');
  dtype.byteOrder = '<';
  const array = new NumpyArray('numpy._core.multiarray');
  Object.assign(array, { dtype, shape: [2], bytes: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0), isFortranOrder: true });

  it.each<[string, PickleValue]>([
    [
      'ints of every size',
      [0, 255, 256, 65_535, 65_536, -1, -(2 ** 31), 2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER],
    ],
    ['big ints', [2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, -(2n ** 200n), 2n ** 1000n]],
    ['floats', [0.1, -0, 1, Number.POSITIVE_INFINITY, 5e-324].map((value) => new PyFloat(value))],
    ['text', ['', 'é𝄞\0', 'x'.repeat(70_000), '\ufeff', 'collections\nOrderedDict\n', '__proto__']],
    ['bytes', [new Uint8Array(0), Uint8Array.of(0, 127, 128, 255), new PyByteArray(Uint8Array.of(200))]],
    [
      'tuples',
      new PyTuple([new PyTuple([]), new PyTuple([1]), new PyTuple([1, 2]), new PyTuple([1, 2, 3, new PyTuple([4])])]),
    ],
    ['sets and counters', [new PySet([1, 'a', new PyTuple([2])]), new PySet(), new PyCounter([['a', 1]])]],
    [
      'objects of torch',
      [
        new TorchSize([1, 2, 3, 4]),
        new TorchDevice('cuda', 0),
        new TorchDevice('cpu', undefined),
        new TorchDtype('bfloat16'),
        new PyComplex(1, -2),
      ],
    ],
    ['objects of numpy', [new NumpyScalar('numpy.core.multiarray', dtype, Uint8Array.of(1, 2, 3, 4)), array, dtype]],
    ['a list of more than a batch', Array.from({ length: 2_501 }, (_, index) => index)],
    ['a dict of more than a batch', new PyDict(Array.from({ length: 1_001 }, (_, index) => [`k${index}`, null]))],
  ])('come back as they were: %s', async (_name, value) => {
    const { root } = await rewritten(value);
    expect(root).toEqual(value);
    expect(root?.constructor).toBe(value?.constructor);
  });

  it('keep ints, floats and booleans apart', async () => {
    const { root } = await rewritten([1, new PyFloat(1), true, 1.5, 1e300]);
    expect(root).toEqual([1, new PyFloat(1), true, new PyFloat(1.5), new PyFloat(1e300)]);
  });

  it('keep what is shared shared', async () => {
    const shared: PickleValue[] = [1];
    const pair = new PyTuple([shared, shared]);
    const { root } = await rewritten(
      new PyDict([
        ['a', pair],
        ['b', pair],
      ]),
    );
    const [a, b] = [...asDict(root).values()];
    expect(a).toBe(b);
    expect(a instanceof PyTuple && a.items[0] === a.items[1]).toBe(true);
  });

  it('may nest as deep as is read, and are refused deeper or if they contain themselves', async () => {
    const wrap = (depth: number, make: (inner: PickleValue) => PickleValue): PickleValue =>
      Array.from({ length: depth }).reduce<PickleValue>(make, null);
    for (const make of [
      (inner: PickleValue) => [inner],
      (inner: PickleValue) => new PyTuple([inner]),
      (inner: PickleValue) => new PyDict([['k', inner]]),
      (inner: PickleValue) => new PyCounter([['k', inner]]),
      (inner: PickleValue) => new OrderedDict([['k', inner]]),
    ]) {
      expect(await refusal(rewritten(wrap(1_000, make)))).toBe('accepted');
      expect(await refusal(rewritten(wrap(2_100, make)))).toBe('PICKLE_LIMIT');
    }
    const loop = new PyCounter();
    loop.set('k', loop);
    expect(await refusal(written(loop))).toBe('PICKLE_LIMIT');
  });

  it('keep parameters, gradients and bare storages', async () => {
    const storage = storageOf(Float32Array.of(1, 2));
    const tensor = tensorOf(storage, [2], [1]);
    const values = [
      { ...tensor, requiresGrad: true, isParameter: true },
      { ...tensor, requiresGrad: true },
      tensor,
      new PyStorage(storage, false),
    ];
    const { root, storages } = await rewritten(values);
    expect(root).toMatchObject([
      { requiresGrad: true, isParameter: true },
      { requiresGrad: true },
      { requiresGrad: false },
      { isUntyped: false, storage: { sizeBytes: 8 } },
    ]);
    expect(storages.size).toBe(1);
    const untyped = await rewritten([new PyStorage(storageOf(Uint8Array.of(1, 2, 3), 'uint8'), true)]);
    expect(untyped.root).toMatchObject([{ isUntyped: true, storage: { sizeBytes: 3 } }]);
  });

  it('declare a storage as its tensor sees it, and a second view of another type by name', async () => {
    const storage = storageOf(Float32Array.of(1, 2, 3), 'uint8');
    const { root } = await rewritten([tensorOf(storage, [3], [1], 'float32'), tensorOf(storage, [12], [1], 'uint8')]);
    expect(root).toMatchObject([
      { dtype: 'float32', storage: { dtype: 'float32' } },
      { dtype: 'uint8', shape: [12] },
    ]);
    const odd = await rewritten([tensorOf(storageOf(Uint8Array.of(0, 0, 128, 63, 9), 'uint8'), [1], [1], 'float32')]);
    const first = Array.isArray(odd.root) ? odd.root[0] : undefined;
    expect(isTensor(first ?? null) && (await readFloat32(first as Tensor))).toEqual(Float32Array.of(1));
  });

  it('may have storages without bytes', async () => {
    const { root, storages } = await rewritten([tensorOf(storageOf(new Float32Array(0)), [0], [1])]);
    expect(root).toMatchObject([{ shape: [0] }]);
    expect(storages.get('0')).toMatchObject({ sizeBytes: 0, crc32: 0 });
  });
});
