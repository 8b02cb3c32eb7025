import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BufferSource, writeFileWhole } from '@caissa/bytes';
import { GRAPH_NAMES } from '@caissa/chess';
import { type FloatTensor, startSession } from '@caissa/session';
import type { Tensor } from '@caissa/tensor';
import { expectedOf, FIXTURES, type Fixture } from '@caissa/testing/fixtures';
import { MemorySink } from '@caissa/testing/memory-sink';
import { changed, saved, savedWith, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportOnnx } from './export-onnx.js';
import { openCheckpoint } from './open-checkpoint.js';
import { withFile } from './with-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

const options = { opset: 11, metadata: { source_model: 'x' } };

/** Fixtures whose weights differ from those of all others; the others hold those of `checkpoint.pt` in other ways. */
const DISTINCT = new Set(['checkpoint.pt', 'float16.pt', 'bfloat16.pt']);

async function exported({ path }: Fixture, weightsChecked = false): Promise<Buffer> {
  const sink = new MemorySink();
  await withFile(path, async (source) =>
    exportOnnx(await openCheckpoint(source), sink, { ...options, weightsChecked }),
  );
  return sink.bytes;
}

/** Indices of elements that are not within 1e-5 + 1e-5·|x| of what is expected. */
function deviating(found: FloatTensor | undefined, expected: Float32Array): number[] {
  if (found?.data.length !== expected.length) return [-1];
  return [...expected.keys()].filter((i) => {
    const [x, y] = [expected[i] ?? Number.NaN, found.data[i] ?? Number.NaN];
    return !(Math.abs(x - y) <= 1e-5 + 1e-5 * Math.abs(x));
  });
}

describe('exportOnnx', () => {
  it.each(FIXTURES.filter(({ name }) => DISTINCT.has(name)))(
    'computes of $label what PyTorch computes',
    async (fixture) => {
      const modelPath = join(folder, 'model.onnx');
      await writeFileWhole(modelPath, async (sink) => sink.write(await exported(fixture)));
      const session = await startSession({ modelPath, device: 'cpu', intraOpThreads: 1 });
      const { input, outputs } = expectedOf(fixture);
      const found = await session.run({ [GRAPH_NAMES.input]: { data: input, shape: [3, 14, 8, 8] } });
      await session.close();
      expect(deviating(found[GRAPH_NAMES.policy], outputs.policy)).toEqual([]);
      expect(deviating(found[GRAPH_NAMES.value], outputs.value)).toEqual([]);
    },
  );

  it.each(FIXTURES)('makes the same of $label when its weights were checked before', async (fixture) => {
    expect((await exported(fixture, true)).equals(await exported(fixture))).toBe(true);
  });

  it.each(FIXTURES.filter(({ name }) => !DISTINCT.has(name)))(
    'makes one and the same model of $label',
    async (fixture) => {
      const plain = FIXTURES.find(({ torch, name }) => torch === fixture.torch && name === 'checkpoint.pt');
      if (plain === undefined) throw new Error('no checkpoint.pt');
      expect(Buffer.compare(await exported(fixture), await exported(plain))).toBe(0);
    },
  );

  it.each([
    ['conv_input.weight', 5, Number.NaN],
    ['policy_fc.weight', 4096 * 64 - 1, Number.POSITIVE_INFINITY],
    ['value_bn.running_var', 0, -1],
  ])('refuses %s with a number no network can have', async (name, index, value) => {
    const checkpoint = await openCheckpoint(await savedWith(name, index, value));
    await expect(exportOnnx(checkpoint, new MemorySink(), options)).rejects.toMatchObject({
      code: 'NON_FINITE_WEIGHTS',
      message: expect.stringContaining(name),
    });
  });

  it('refuses weights that are not the ones the file has a checksum for', async () => {
    const source = await saved(smallRoot());
    const before = await openCheckpoint(source);
    const { storage } = before.network.tensors.get('policy_fc.weight') as Tensor;
    const bytes = Buffer.alloc(source.sizeBytes);
    await source.readInto(bytes, 0);
    bytes.writeUInt8(bytes.readUInt8(storage.offsetBytes) ^ 1, storage.offsetBytes);
    const checkpoint = await openCheckpoint(new BufferSource(bytes));
    await expect(exportOnnx(checkpoint, new MemorySink(), options)).rejects.toMatchObject({ code: 'ZIP_CRC' });
  });

  it('writes the same graph for a network without convolution biases', async () => {
    const stateDict = smallStateDict();
    for (const name of [...stateDict.keys()])
      if (/conv\d?\.bias$|conv_input\.bias$/.test(String(name))) stateDict.delete(name);
    const checkpoint = await openCheckpoint(await saved(smallRoot(stateDict)));
    const without = new MemorySink();
    await exportOnnx(checkpoint, without, options);
    const zeroed = smallStateDict();
    for (const [name, tensor] of zeroed) {
      if (stateDict.has(name)) continue;
      zeroed.set(name, await changed(tensor as Tensor, (elements) => elements.fill(0)));
    }
    const withZeros = new MemorySink();
    await exportOnnx(await openCheckpoint(await saved(smallRoot(zeroed))), withZeros, options);
    // The metadata follow, and tell how many parameters there are.
    const beforeMetadata = ({ bytes }: MemorySink) => bytes.subarray(0, bytes.lastIndexOf('source_model'));
    expect(Buffer.compare(beforeMetadata(without), beforeMetadata(withZeros))).toBe(0);
  });

  it('stops when it is told to', async () => {
    const checkpoint = await openCheckpoint(await saved(smallRoot()));
    const reason = new Error('cancelled');
    const control = { ...options, signal: AbortSignal.abort(reason) };
    await expect(exportOnnx(checkpoint, new MemorySink(), control)).rejects.toBe(reason);
  });
});
