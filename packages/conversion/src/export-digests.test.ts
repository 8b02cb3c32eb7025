import { createHash } from 'node:crypto';
import { type ByteSource, FileSource } from '@caissa/bytes';
import { OrderedDict } from '@caissa/pytorch';
import { readFloat32, type Tensor } from '@caissa/tensor';
import { FIXTURES, fixturePath } from '@caissa/testing/fixtures';
import { MemorySink } from '@caissa/testing/memory-sink';
import { changed, saved } from '@caissa/testing/small-checkpoint';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from './export-onnx.js';
import { exportPytorch } from './export-pytorch.js';
import { type Checkpoint, openCheckpoint } from './open-checkpoint.js';
import { withFile } from './with-file.js';

/** Those that begin another version of the format, or of an operator. At 13 weights are looked at while they are written. */
const OPSETS = [11, 13, 17, 21, 23, 24, 26];

const METADATA = { export_date: '2025-10-06T23:56:50Z', source_model: 'model_v1', note: 'größer' };

/**
 * SHA-256 of what every checkpoint is exported to. They were recorded when the ONNX model was still built from the names
 * in the state dict, and hold for every way of building it since: users compare exports by their digests. Whoever
 * changes what is in the files on purpose records them anew with `-u`.
 */
const RECORDED = '../test-support/export-digests.json';

async function digestsOf(checkpoint: Checkpoint): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const opset of OPSETS) {
    const sink = new MemorySink();
    await exportOnnx(checkpoint, sink, { opset, metadata: METADATA, weightsChecked: opset !== 13 });
    digests[`onnx ${opset}`] = sha256(sink.bytes);
  }
  const data = new MemorySink();
  const limited = { opset: 17, metadata: METADATA, maxFileSizeBytes: 1000, beginData: async () => data };
  const { external } = await exportOnnx(checkpoint, new MemorySink(), limited);
  digests['onnx 17, its weights beside it'] = sha256(external?.encode('model.onnx.data') ?? new Uint8Array(0));
  digests['onnx 17, its weights'] = sha256(data.bytes);
  const pytorch = new MemorySink();
  await exportPytorch(checkpoint, pytorch, { metadata: METADATA });
  digests['pytorch'] = sha256(pytorch.bytes);
  return digests;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Networks that no fixture has, made from one that has been trained. */
async function variants(): Promise<Record<string, ByteSource>> {
  const source = await FileSource.open(fixturePath('checkpoint.pt'));
  const { tensors } = (await openCheckpoint(source)).network;
  const without = new OrderedDict([...tensors].filter(([name]) => !/conv\w*\.bias$/.test(name)));
  const weight = tensors.get('policy_fc.weight') as Tensor;
  const [rows = 0, columns = 0] = weight.shape;
  const values = await readFloat32(weight);
  const transposed = await changed(weight, (elements) => {
    for (const [i, value] of values.entries()) elements[(i % columns) * rows + Math.floor(i / columns)] = value;
  });
  const strided = new OrderedDict(tensors).set('policy_fc.weight', { ...transposed, stride: [1, rows] });
  const sources = {
    'without convolution biases': await saved(without),
    'weights in columns': await saved(strided),
  };
  await source.close();
  return sources;
}

describe('what checkpoints are exported to', () => {
  it('is the same to the byte as ever', async () => {
    const digests: Record<string, Record<string, string>> = {};
    for (const { label, path } of FIXTURES) {
      digests[label] = await withFile(path, async (source) => digestsOf(await openCheckpoint(source)));
    }
    for (const [label, source] of Object.entries(await variants())) {
      digests[label] = await digestsOf(await openCheckpoint(source));
    }
    await expect(`${JSON.stringify(digests, null, 2)}\n`).toMatchFileSnapshot(RECORDED);
  });
});
