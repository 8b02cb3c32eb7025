import { type ByteSource, FileSource } from '@caissa/bytes';
import { fromJson, OrderedDict, PyDict, PyFloat, readCheckpoint } from '@caissa/pytorch';
import { isContiguous, readFloat32, type Tensor } from '@caissa/tensor';
import { FIXTURES, fixturePath } from '@caissa/testing/fixtures';
import { MemorySink } from '@caissa/testing/memory-sink';
import { changed, saved, savedWith, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { exportPytorch } from './export-pytorch.js';
import { openCheckpoint } from './open-checkpoint.js';

async function exported(source: ByteSource, metadata = {}) {
  const sink = new MemorySink();
  await exportPytorch(await openCheckpoint(source), sink, { metadata });
  const { root } = await readCheckpoint(sink.source);
  if (!(root instanceof PyDict)) throw new Error('not a dictionary');
  return { root, sink };
}

const dictAt = (root: PyDict, key: string) => root.get(key) as PyDict;

const byteView = (floats: Float32Array) => new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);

async function rawBytes(tensor: Tensor): Promise<Uint8Array> {
  const bytes = new Uint8Array(tensor.storage.sizeBytes);
  await tensor.storage.source.readInto(bytes, tensor.storage.offsetBytes);
  return bytes;
}

describe('exportPytorch', () => {
  it.each(FIXTURES)('keeps every element of $label bit by bit, under the plain names', async ({ path }) => {
    const source = await FileSource.open(path);
    try {
      const { network } = await openCheckpoint(source);
      const { root } = await exported(source);
      expect([...root.keys()]).toEqual(['model_state_dict', 'metadata', 'architecture']);
      expect(root.get('architecture')).toEqual(
        fromJson({
          num_channels: 8,
          num_res_blocks: 2,
          input_shape: [14, 8, 8],
          output_shapes: { policy: 4096, value: 1 },
        }),
      );
      const stateDict = dictAt(root, 'model_state_dict');
      expect([...stateDict.keys()]).toEqual([...network.tensors.keys()]);
      for (const [name, tensor] of network.tensors) {
        const found = stateDict.get(name) as Tensor;
        expect([name, found.dtype, found.shape, found.stride]).toEqual([
          name,
          tensor.dtype,
          tensor.shape,
          tensor.stride,
        ]);
        expect(Buffer.compare(await rawBytes(found), await rawBytes(tensor))).toBe(0);
        if (isContiguous(tensor)) continue;
        expect(Buffer.compare(byteView(await readFloat32(found)), byteView(await readFloat32(tensor)))).toBe(0);
      }
    } finally {
      await source.close();
    }
  });

  it('keeps metadata in their own types, and adds to them', async () => {
    const source = await FileSource.open(fixturePath('checkpoint.pt'));
    const { root } = await exported(source, { version: 2, exported_by: 'User', nested: { ok: true, ratio: 0.5 } });
    await source.close();
    const metadata = dictAt(root, 'metadata');
    expect(metadata.get('version')).toBe(2);
    expect(metadata.get('win_rate')).toEqual(new PyFloat(0.75));
    expect(metadata.get('num_games')).toBe(1);
    expect(metadata.get('exported_by')).toBe('User');
    expect(metadata.get('nested')).toEqual(
      new PyDict([
        ['ok', true],
        ['ratio', new PyFloat(0.5)],
      ]),
    );
  });

  it('strips the prefix from the names and from the versions of the modules', async () => {
    const stateDict = smallStateDict('module.');
    const version = (value: number) => new PyDict([['version', value]]);
    const versions = new OrderedDict();
    versions
      .set('', version(9))
      .set('module', version(1))
      .set('module.conv_input', version(2))
      .set('other', version(3));
    stateDict.attributes.set('_metadata', versions);
    const { root } = await exported(await saved(smallRoot(stateDict)));
    const found = root.get('model_state_dict') as OrderedDict;
    expect([...found.keys()]).toEqual([...smallStateDict().keys()]);
    expect(found.attributes.get('_metadata')).toEqual(
      new OrderedDict([
        ['', version(1)],
        ['conv_input', version(2)],
      ]),
    );
  });

  it.each([
    ['conv_input.weight', 5, Number.NaN, '[0, 0, 1, 2]'],
    ['policy_fc.weight', 4096 * 64 - 1, Number.NEGATIVE_INFINITY, '[4095, 63]'],
    ['bn_input.running_mean', 3, Number.POSITIVE_INFINITY, '[3]'],
    ['bn_input.running_var', 3, -1, 'channel 3'],
  ])('refuses %s with a number no network can have', async (name, index, value, place) => {
    const source = await savedWith(name, index, value);
    await expect(exported(source)).rejects.toMatchObject({
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringMatching(new RegExp(`${name.replace('.', '\\.')}.*${place.replace(/[[\]]/g, '\\$&')}`)),
    });
  });

  it('relies on a check that has passed', async () => {
    const checkpoint = await openCheckpoint(await savedWith('conv_input.weight', 5, Number.NaN));
    const trusting = exportPytorch(checkpoint, new MemorySink(), { metadata: {}, weightsChecked: true });
    await expect(trusting).resolves.toMatchObject({ sizeBytes: expect.any(Number) });
  });

  it('does not mind what lies in a storage and belongs to no tensor', async () => {
    const stateDict = smallStateDict();
    const whole = await changed(stateDict.get('bn_input.weight') as Tensor, (elements) => {
      elements[0] = Number.NaN;
    });
    // Element 0 is in nobody's view.
    const bias = stateDict.get('value_fc2.bias') as Tensor;
    stateDict.set('value_fc2.bias', { ...bias, storage: whole.storage, offset: 1 });
    const { root } = await exported(await saved(smallRoot(stateDict)));
    const found = dictAt(root, 'model_state_dict').get('value_fc2.bias') as Tensor;
    expect(await readFloat32(found)).toEqual(new Float32Array([1]));
  });

  it('gives the same bytes for the same request', async () => {
    const source = await saved(smallRoot());
    const [one, two] = [await exported(source, { a: 1 }), await exported(source, { a: 1 })];
    expect(Buffer.compare(one.sink.bytes, two.sink.bytes)).toBe(0);
  });

  it('tells how far it is, and stops when it is told to', async () => {
    const checkpoint = await openCheckpoint(await saved(smallRoot()));
    const seen: number[] = [];
    const { sizeBytes } = await exportPytorch(checkpoint, new MemorySink(), {
      metadata: {},
      onProgress: (written, total) => seen.push(written / total),
    });
    expect(sizeBytes).toBeGreaterThan(1 << 20);
    expect(seen.at(-1)).toBe(1);
    const reason = new Error('cancelled');
    const signal = AbortSignal.abort(reason);
    await expect(exportPytorch(checkpoint, new MemorySink(), { metadata: {}, signal })).rejects.toBe(reason);
  });
});
