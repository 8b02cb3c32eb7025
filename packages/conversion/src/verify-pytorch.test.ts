import { BufferSource } from '@caissa/bytes';
import { type OrderedDict, type PickleValue, PyDict, PyFloat } from '@caissa/pytorch';
import type { Tensor } from '@caissa/tensor';
import { MemorySink } from '@caissa/testing/memory-sink';
import { changed, saved, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportPytorch } from './export-pytorch.js';
import { type Checkpoint, openCheckpoint } from './open-checkpoint.js';
import { verifyPytorch } from './verify-pytorch.js';

let checkpoint: Checkpoint;
beforeAll(async () => {
  checkpoint = await openCheckpoint(await saved(smallRoot(smallStateDict('module.'))));
});

/** The export of a checkpoint whose state dict was changed first. */
async function savedChanged(change: (stateDict: OrderedDict) => Promise<void> | void): Promise<BufferSource> {
  const stateDict = smallStateDict();
  await change(stateDict);
  return saved(smallRoot(stateDict));
}

describe('verifyPytorch', () => {
  it('reports a good export', async () => {
    const sink = new MemorySink();
    await exportPytorch(checkpoint, sink, { metadata: {} });
    const tensors = checkpoint.network.tensors.size;
    expect(await verifyPytorch(sink.source, checkpoint, 'quick')).toEqual({ level: 'quick', tensors });
    const bytes = [...checkpoint.network.tensors.values()].reduce((sum, { storage }) => sum + storage.sizeBytes, 0);
    expect(await verifyPytorch(sink.source, checkpoint, 'full')).toEqual({
      level: 'full',
      tensors,
      bytes_compared: bytes,
    });
  });

  it('finds a flipped bit', async () => {
    const sink = new MemorySink();
    await exportPytorch(checkpoint, sink, { metadata: {} });
    const { network } = await openCheckpoint(sink.source);
    const { offsetBytes } = (network.tensors.get('policy_fc.weight') as Tensor).storage;
    const bytes = sink.bytes;
    bytes.writeUInt8(bytes.readUInt8(offsetBytes) ^ 1, offsetBytes);
    await expect(verifyPytorch(new BufferSource(bytes), checkpoint, 'quick')).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
    });
  });

  it('finds a truncated file', async () => {
    const sink = new MemorySink();
    await exportPytorch(checkpoint, sink, { metadata: {} });
    const half = new BufferSource(sink.bytes.subarray(0, sink.bytes.length / 2));
    await expect(verifyPytorch(half, checkpoint, 'quick')).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' });
  });

  it('finds other numbers', async () => {
    const written = await savedChanged(async (stateDict) => {
      const tensor = stateDict.get('value_fc1.bias') as Tensor;
      stateDict.set('value_fc1.bias', await changed(tensor, (elements) => elements.fill(1)));
    });
    for (const level of ['quick', 'full'] as const) {
      await expect(verifyPytorch(written, checkpoint, level)).rejects.toMatchObject({
        code: 'VERIFICATION_FAILED',
        message: expect.stringContaining('value_fc1.bias'),
      });
    }
  });

  it('compares the bytes of a source that states no checksums', async () => {
    const silent = await openCheckpoint(await saved(smallRoot()));
    for (const { storage } of silent.network.tensors.values()) Object.assign(storage, { crc32: undefined });
    const sink = new MemorySink();
    await exportPytorch(silent, sink, { metadata: {} });
    const bytes = [...silent.network.tensors.values()].reduce((sum, { storage }) => sum + storage.sizeBytes, 0);
    expect(await verifyPytorch(sink.source, silent, 'quick')).toMatchObject({ bytes_compared: bytes });
    const other = await savedChanged(async (stateDict) => {
      const tensor = stateDict.get('value_fc1.bias') as Tensor;
      stateDict.set('value_fc1.bias', await changed(tensor, (elements) => elements.fill(1)));
    });
    await expect(verifyPytorch(other, silent, 'quick')).rejects.toThrow('value_fc1.bias');
  });

  it.each(['quick', 'full'] as const)('finds a lost epsilon of the batch norms, at level %s', async (level) => {
    const root = smallRoot();
    root.set('architecture', new PyDict([['bn_eps', new PyFloat(1e-3)]]));
    const declaring = await openCheckpoint(await saved(root));
    expect(declaring.network.architecture.batchNormEpsilon).toBe(1e-3);
    const sink = new MemorySink();
    await exportPytorch(declaring, sink, { metadata: {} });
    expect(await verifyPytorch(sink.source, declaring, level)).toMatchObject({ level });
    await expect(verifyPytorch(await saved(smallRoot()), declaring, level)).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
      message: expect.stringContaining('another architecture'),
    });
  });

  it('finds another shape, a missing tensor and a prefix', async () => {
    const transposed = await savedChanged((stateDict) => {
      const tensor = stateDict.get('policy_fc.weight') as Tensor;
      stateDict.set('policy_fc.weight', { ...tensor, stride: [1, 4096] });
    });
    await expect(verifyPytorch(transposed, checkpoint, 'quick')).rejects.toMatchObject({
      message: expect.stringContaining('policy_fc.weight'),
    });
    const missing = await savedChanged((stateDict) => void stateDict.delete('conv_input.bias'));
    await expect(verifyPytorch(missing, checkpoint, 'quick')).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' });
    const root: PickleValue = smallRoot(smallStateDict('module.'));
    await expect(verifyPytorch(await saved(root), checkpoint, 'quick')).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
    });
  });
});
