import { createHash } from 'node:crypto';
import { BufferSource, type ByteSource } from '@caissa/bytes';
import { elementCount, readFloat32, type Tensor } from '@caissa/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asDict, fixtureBytes, readFixture, rootDict, stateDictOf, TORCH_VERSIONS } from '../test-support/fixtures.js';
import { changed, readArchive, refusal } from '../test-support/small-checkpoint.js';
import {
  isTensor,
  NumpyArray,
  NumpyScalar,
  OrderedDict,
  type PickleValue,
  PyDict,
  PyFloat,
  type PyObject,
  PySet,
  PyTuple,
  TorchDevice,
  TorchDtype,
  TorchSize,
} from './pickle-value.js';
import { type CheckpointFile, readCheckpoint } from './read-checkpoint.js';

/** Files with the same weights, however they are packed. */
const SAME_WEIGHTS = [
  'checkpoint_legacy.pt',
  'checkpoint_protocol4.pt',
  'data_parallel.pt',
  'state_dict_only.pt',
  'training.pt',
];

const PARAMETERS = 55;

function tensorsOf(file: CheckpointFile): Map<string, Tensor> {
  return new Map([...stateDictOf(file)].flatMap(([name, value]) => (isTensor(value) ? [[String(name), value]] : [])));
}

async function valuesOf(
  file: CheckpointFile,
): Promise<Map<string, { shape: readonly number[]; values: Float32Array }>> {
  const all = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  for (const [name, tensor] of tensorsOf(file))
    all.set(name, { shape: tensor.shape, values: await readFloat32(tensor) });
  return all;
}

/** Shapes and digests of the values: vitest takes seconds to compare large arrays. */
async function digestsOf(file: CheckpointFile): Promise<[string, readonly number[], string][]> {
  return [...(await valuesOf(file))].map(([name, { shape, values }]) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return [name, shape, createHash('sha256').update(bytes).digest('hex')];
  });
}

describe.each(TORCH_VERSIONS)('files of PyTorch %s', (version) => {
  it('have the tensors of the network, in order, as float32 and int64', async () => {
    const file = await readFixture(version, 'checkpoint.pt');
    const tensors = tensorsOf(file);
    expect(file).toMatchObject({ container: 'zip', hasChecksums: true });
    expect(tensors.size).toBe(PARAMETERS);
    expect([...tensors.keys()].slice(0, 3)).toEqual(['conv_input.weight', 'conv_input.bias', 'bn_input.weight']);
    expect(tensors.get('conv_input.weight')).toMatchObject({
      dtype: 'float32',
      shape: [8, 14, 3, 3],
      stride: [126, 9, 3, 1],
    });
    expect(tensors.get('bn_input.num_batches_tracked')).toMatchObject({ dtype: 'int64', shape: [], offset: 0 });
    expect([...file.storages.keys()]).toEqual(Array.from({ length: PARAMETERS }, (_, index) => String(index)));
  });

  it('keep the metadata with its types', async () => {
    const root = rootDict(await readFixture(version, 'checkpoint.pt'));
    expect([...root.keys()]).toEqual(['model_state_dict', 'metadata', 'architecture']);
    const metadata = asDict(root.get('metadata'));
    expect(metadata.get('version')).toBe(1);
    expect(metadata.get('learning_rate')).toEqual(new PyFloat(0.001));
    expect(metadata.get('training_date')).toBe('2025-10-06T23:56:50');
    expect([...asDict(root.get('architecture'))]).toEqual([
      ['num_channels', 8],
      ['num_res_blocks', 2],
    ]);
    const state = root.get('model_state_dict');
    expect(state instanceof OrderedDict && asDict(state.attributes.get('_metadata')).size).toBe(21);
  });

  it.each(SAME_WEIGHTS)('have the same weights in %s', async (name) => {
    const file = await readFixture(version, name);
    expect(file.container).toBe(name === 'checkpoint_legacy.pt' ? 'legacy' : 'zip');
    expect(await digestsOf(file)).toEqual(await digestsOf(await readFixture(version, 'checkpoint.pt')));
  });

  it('have the same weights as views: shared, transposed, with an offset', async () => {
    const file = await readFixture(version, 'views.pt');
    const tensors = tensorsOf(file);
    expect(await digestsOf(file)).toEqual(await digestsOf(await readFixture(version, 'checkpoint.pt')));
    expect(tensors.get('bn_input.bias')).toMatchObject({ offset: 8, shape: [8] });
    expect(tensors.get('bn_input.bias')?.storage).toBe(tensors.get('bn_input.weight')?.storage);
    expect(tensors.get('policy_fc.weight')).toMatchObject({ shape: [4096, 64], stride: [1, 4096] });
    expect(file.storages.size).toBe(PARAMETERS - 1);
  });

  it.each([
    ['float16', 2 ** -11],
    ['bfloat16', 2 ** -8],
    ['float64', 0],
  ] as const)('have the weights rounded to %s', async (dtype, relative) => {
    const file = await readFixture(version, `${dtype}.pt`);
    const [rounded, exact] = [await valuesOf(file), await valuesOf(await readFixture(version, 'checkpoint.pt'))];
    expect(tensorsOf(file).get('policy_fc.weight')?.dtype).toBe(dtype);
    expect([...rounded.keys()]).toEqual([...exact.keys()]);
    let [largest, count] = [0, 0];
    for (const [name, { values }] of exact) {
      for (const [index, value] of values.entries()) {
        // Below 2^-14 halves lose precision: an absolute bound holds there.
        const scale = Math.max(Math.abs(value), 2 ** -14);
        largest = Math.max(largest, Math.abs(value - (rounded.get(name)?.values[index] ?? Number.NaN)) / scale);
        count++;
      }
    }
    expect(count).toBeGreaterThan(200_000);
    expect(largest).toBeLessThanOrEqual(relative);
  });

  it('may hold what training leaves in them', async () => {
    const root = rootDict(await readFixture(version, 'training.pt'));
    const optimizer = asDict(root.get('optimizer_state_dict'));
    expect(asDict(asDict(optimizer.get('state')).get(0)).size).toBe(3);
    expect(root.get('epoch')).toBe(3);
    expect(root.get('shape')).toEqual(new TorchSize([14, 8, 8]));
    expect(root.get('dtype')).toEqual(new TorchDtype('float32'));
    expect(root.get('device')).toEqual(new TorchDevice('cpu', undefined));
    expect(root.get('none')).toBeNull();
    const items = [1, new PyFloat(2.5), 'x', Buffer.from('y'), new PySet([3, 4]), true];
    const tuple = asDict(root.get('nested')).get('t');
    expect(
      tuple instanceof PyTuple && tuple.items.map((item) => (item instanceof Uint8Array ? Buffer.from(item) : item)),
    ).toEqual(items);
    expect(root.get('np_scalar')).toBeInstanceOf(NumpyScalar);
    expect(root.get('np_scalar')).toMatchObject({
      dtype: { code: 'f8', byteOrder: '<' },
      bytes: new Uint8Array(Float64Array.of(0.25).buffer),
    });
    expect(root.get('np_array')).toBeInstanceOf(NumpyArray);
    expect(root.get('np_array')).toMatchObject({
      shape: [4],
      bytes: new Uint8Array(BigInt64Array.of(0n, 1n, 2n, 3n).buffer),
    });
    const best = root.get('best');
    expect(isTensor(best) && [best.shape, await readFloat32(best)]).toEqual([[], Float32Array.of(0.5)]);
  });

  it('are refused by name when they are programs', async () => {
    await expect(readFixture(version, 'torchscript.pt')).rejects.toMatchObject({ code: 'TORCHSCRIPT' });
  });

  it('hold a module that was saved whole as an object, or are refused for it', async () => {
    const { root } = await readFixture(version, 'whole_module.pt');
    expect(root).toMatchObject({ fullName: '__main__.AlphaZeroNetwork', state: expect.any(PyDict) });
    const state = asDict((root as PyObject).state);
    expect([...state.keys()]).toEqual(expect.arrayContaining(['_parameters', '_buffers', '_modules']));
    const source = new BufferSource(fixtureBytes(version, 'whole_module.pt'));
    await expect(readCheckpoint(source, { unknownObjects: 'refuse' })).rejects.toMatchObject({
      code: 'PICKLE_GLOBAL',
      message: expect.stringContaining('"__main__.AlphaZeroNetwork"'),
    });
  });
});

describe('reading', () => {
  it('takes the directory and the pickle, and no weights', async () => {
    const source = new BufferSource(fixtureBytes('2.13', 'float64.pt'));
    let bytesRead = 0;
    const counted: ByteSource = {
      sizeBytes: source.sizeBytes,
      readInto(target, offset) {
        bytesRead += target.length;
        return source.readInto(target, offset);
      },
    };
    await readCheckpoint(counted);
    expect(source.sizeBytes).toBeGreaterThan(2_000_000);
    expect(bytesRead).toBeLessThan(60_000);
  });

  it('states the CRC of each storage where the file does', async () => {
    const file = await readFixture('2.13', 'checkpoint.pt');
    expect(file.storages.get('0')?.crc32).toBeTypeOf('number');
    const legacy = await readFixture('2.13', 'checkpoint_legacy.pt');
    expect([...legacy.storages.values()].every((storage) => storage.crc32 === undefined)).toBe(true);
  });
});

describe('damaged files', () => {
  /** Reads everything that a caller could reach; a hostile file may ask for more than is good, so not endlessly. */
  async function readAll(bytes: Uint8Array): Promise<void> {
    const { root } = await readCheckpoint(new BufferSource(bytes));
    const visit = async (value: PickleValue): Promise<void> => {
      if (isTensor(value) && elementCount(value.shape) < 1e6) await readFloat32(value);
      else if (value instanceof PyDict) for (const item of value.values()) await visit(item);
    };
    await visit(root);
  }

  it.each(['checkpoint.pt', 'checkpoint_legacy.pt'])(
    'are read or refused, whatever bytes of %s are changed',
    async (name) => {
      const original = fixtureBytes('2.13', name);
      // Structure lies at the ends: headers and the pickle in front, the directory behind.
      const position = fc.oneof(
        fc.nat(12_000),
        fc.nat(12_000).map((n) => original.length - 1 - n),
      );
      const change = fc.tuple(position, fc.nat(255));
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
          const bytes = Buffer.from(original);
          for (const [at, value] of changes) bytes[at] = value;
          await refusal(readAll(bytes));
        }),
        { numRuns: 300 },
      );
    },
  );

  it('are refused when cut anywhere', async () => {
    const zip = fixtureBytes('2.6', 'checkpoint.pt');
    const legacy = fixtureBytes('1.13', 'checkpoint_legacy.pt');
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 0.999_999, noNaN: true }), async (part) => {
        for (const whole of [zip, legacy]) {
          const cut = whole.subarray(0, Math.floor(whole.length * part));
          expect(await refusal(readCheckpoint(new BufferSource(cut)))).toMatch(/^(ZIP_TRUNCATED|NOT_A_CHECKPOINT)$/);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a byte order', () => {
  it.each([
    ['big', 'was saved on a big-endian machine'],
    ['middle', 'states a byte order that is not known'],
  ])('other than little is refused as what it is: %s', async (order, says) => {
    await expect(readArchive(changed(1, { data: Buffer.from(order) }))).rejects.toThrow(says);
  });
});
