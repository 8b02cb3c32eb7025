import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataFile } from '@caissa/bytes';
import { encodePositions, GRAPH_NAMES, VERIFICATION_POSITIONS } from '@caissa/chess';
import { startSession } from '@caissa/session';
import { MemorySink } from '@caissa/testing/memory-sink';
import { saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exportOnnx } from './export-onnx.js';
import { type Checkpoint, openCheckpoint } from './open-checkpoint.js';
import { verifyOnnx } from './verify-onnx.js';

const options = { opset: 11, metadata: { source_model: 'x' } };
const DATA = 'model.onnx.data';

let folder: string;
let path: string;
let checkpoint: Checkpoint;
let dataFile: DataFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-external-onnx-'));
  path = join(folder, 'model.onnx');
  checkpoint = await openCheckpoint(await saved(smallRoot()));
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  const [sink, data] = [new MemorySink(), new MemorySink()];
  const beginData = async () => data;
  const { external, sizeBytes } = await exportOnnx(checkpoint, sink, { ...options, maxFileSizeBytes: 1000, beginData });
  expect([sink.bytes.length, data.bytes.length]).toEqual([0, sizeBytes]);
  await writeFile(join(folder, DATA), data.bytes);
  await writeFile(path, external?.encode(DATA) ?? '');
  dataFile = { filename: DATA, sizeBytes };
});

async function policyOf(modelPath: string, file?: DataFile): Promise<Float32Array | undefined> {
  const session = await startSession({ modelPath, device: 'cpu', ...(file ? { dataFile: file } : {}) });
  const shape = [VERIFICATION_POSITIONS.length, 14, 8, 8];
  const outputs = await session.run({ [GRAPH_NAMES.input]: { data: encodePositions(VERIFICATION_POSITIONS), shape } });
  await session.close();
  return outputs[GRAPH_NAMES.policy]?.data;
}

describe('an ONNX model with its weights beside it', () => {
  it('computes to the bit what the model in one file computes', async () => {
    const whole = new MemorySink();
    expect(await exportOnnx(checkpoint, whole, options)).not.toHaveProperty('external');
    const wholePath = join(folder, 'whole.onnx');
    await writeFile(wholePath, whole.bytes);
    expect(await policyOf(path, dataFile)).toEqual(await policyOf(wholePath));
  });

  it('passes verification in full, with the file that belongs to it', async () => {
    const report = await verifyOnnx(path, checkpoint, 'full', { dataFile });
    expect(report.max_abs_difference?.policy).toBeLessThan(1e-5);
  });

  it('is refused without that file, and with one that is not as large', async () => {
    await expect(verifyOnnx(path, checkpoint, 'quick')).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' });
    await truncate(join(folder, DATA), dataFile.sizeBytes - 4);
    await expect(verifyOnnx(path, checkpoint, 'quick', { dataFile })).rejects.toThrow('the size it should have');
    await rename(join(folder, DATA), join(folder, 'gone'));
    await expect(verifyOnnx(path, checkpoint, 'quick', { dataFile })).rejects.toThrow('missing');
  });

  it('is not made where there is no place for such a file, or no need', async () => {
    const sink = new MemorySink();
    await exportOnnx(checkpoint, sink, { ...options, maxFileSizeBytes: 1000 });
    expect(sink.bytes.length).toBeGreaterThan(1000);
    const beginData = async () => expect.unreachable();
    const again = new MemorySink();
    await exportOnnx(checkpoint, again, { ...options, maxFileSizeBytes: sink.bytes.length, beginData });
    expect(again.bytes.equals(sink.bytes)).toBe(true);
  });
});
