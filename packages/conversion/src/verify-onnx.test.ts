import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileWhole } from '@caissa/bytes';
import { VERIFICATION_POSITIONS } from '@caissa/chess';
import { foldBatchNorm } from '@caissa/graph';
import { lowerGraph, type OnnxModel, writeModel } from '@caissa/onnx';
import type { Tensor } from '@caissa/tensor';
import { changed, saved, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, openCheckpoint } from './open-checkpoint.js';
import { verifyOnnx } from './verify-onnx.js';

let folder: string;
let checkpoint: Checkpoint;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-verify-'));
  path = join(folder, 'model.onnx');
  checkpoint = await openCheckpoint(await saved(smallRoot()));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a checkpoint's model with its graph changed. */
async function writeTampered(
  change: (graph: OnnxModel['graph']) => Partial<OnnxModel['graph']>,
  { graph }: Checkpoint = checkpoint,
): Promise<void> {
  const model = lowerGraph(foldBatchNorm(graph), { opset: 11, metadata: {} });
  const tampered = { ...model, graph: { ...model.graph, ...change(model.graph) } };
  await writeFileWhole(path, (sink) => writeModel(sink, tampered));
}

/** A checkpoint with other weights in some tensors, and its model. */
async function writeChanged(changes: Record<string, (elements: Float32Array) => void>): Promise<Checkpoint> {
  const stateDict = smallStateDict();
  for (const [name, change] of Object.entries(changes)) {
    stateDict.set(name, await changed(stateDict.get(name) as Tensor, change));
  }
  const made = await openCheckpoint(await saved(smallRoot(stateDict)));
  await writeTampered(() => ({}), made);
  return made;
}

describe('verifyOnnx', () => {
  it('reports a good model', async () => {
    await writeTampered(() => ({}));
    const quick = await verifyOnnx(path, checkpoint, 'quick');
    expect(quick).toMatchObject({ level: 'quick', positions: 1, device: 'CPU' });
    expect(quick.probability_sum_error).toBeLessThan(1e-4);
    const full = await verifyOnnx(path, checkpoint, 'full');
    expect(full).toMatchObject({ level: 'full', positions: VERIFICATION_POSITIONS.length });
    for (const report of [quick, full]) {
      expect(report).toMatchObject({ initializers: 16, tolerance: { absolute: 1e-5, relative: 1e-5 } });
      expect(report.max_relative_error).toBeLessThan(1e-7);
      expect(report.max_abs_difference.policy).toBeLessThan(1e-5);
      expect(report.max_abs_difference.value).toBeLessThan(1e-5);
      expect(report).not.toHaveProperty('float32_noise');
    }
  });

  it.each(['quick', 'full'] as const)("finds a weight that is not the checkpoint's, at level %s", async (level) => {
    await writeTampered(({ initializers }) => ({
      initializers: initializers.map((one) =>
        one.name === 'value_fc2.bias' ? { ...one, data: new Uint8Array(new Float32Array([0.25]).buffer) } : one,
      ),
    }));
    await expect(verifyOnnx(path, checkpoint, level)).rejects.toMatchObject({
      name: 'VerificationError',
      message: expect.stringContaining('value_fc2.bias is 0.25 at element 0'),
    });
  });

  it.each(['quick', 'full'] as const)('finds a model that computes something else, at level %s', async (level) => {
    await writeTampered(({ nodes }) => ({
      nodes: nodes.flatMap((node) =>
        node.opType === 'Tanh'
          ? [
              { ...node, opType: 'Neg', name: 'neg', outputs: ['neg'] },
              { ...node, inputs: ['neg'] },
            ]
          : [node],
      ),
    }));
    await expect(verifyOnnx(path, checkpoint, level)).rejects.toMatchObject({
      name: 'VerificationError',
      message: expect.stringContaining('value differs by'),
    });
  });

  it.each([
    // The logarithm of the softmax takes away what all scores have in common.
    ['policy', { 'policy_fc.bias': (elements: Float32Array) => elements.fill(1e4) }],
    [
      'value',
      {
        'value_fc1.bias': (elements: Float32Array) => elements.fill(1e4),
        'value_fc2.weight': (elements: Float32Array) => elements.set([1, -1, 1, -1]),
      },
    ],
  ] as const)('accepts a right network whose %s float32 gives less exactly', async (output, changes) => {
    const report = await verifyOnnx(path, await writeChanged(changes), 'quick');
    expect(report.max_abs_difference[output]).toBeGreaterThan(2e-5);
    expect(report.float32_noise?.[output]).toBeGreaterThan(1e-5);
  });

  it.each([8.6, 8.8, 9])('accepts a value that float32 takes beyond 1, as the tanh of %d', async (score) => {
    const certain = await writeChanged({
      'value_fc2.weight': (elements) => elements.fill(0),
      'value_fc2.bias': (elements) => elements.fill(score),
    });
    expect((await verifyOnnx(path, certain, 'quick')).max_abs_value).toBeCloseTo(1, 5);
  });

  it('runs and compares more positions as long as every value is nearly 1', async () => {
    const certain = await writeChanged({ 'value_fc2.bias': (elements) => elements.fill(50) });
    expect((await verifyOnnx(path, certain, 'quick')).positions).toBe(VERIFICATION_POSITIONS.length);
  });

  it('finds outputs that are no probabilities', async () => {
    await writeTampered(({ nodes }) => ({
      nodes: nodes.map((node) => (node.opType === 'LogSoftmax' ? { ...node, opType: 'Relu', attributes: {} } : node)),
    }));
    await expect(verifyOnnx(path, checkpoint, 'quick')).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' });
  });

  it('finds outputs of another name', async () => {
    await writeTampered(({ nodes, outputs }) => ({
      nodes: nodes.map((node) => ({
        ...node,
        outputs: node.outputs.map((name) => (name === 'value_output' ? 'v' : name)),
      })),
      outputs: outputs.map((output) => (output.name === 'value_output' ? { ...output, name: 'v' } : output)),
    }));
    await expect(verifyOnnx(path, checkpoint, 'quick')).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
      message: expect.stringContaining('v float32 [batch, 1]'),
    });
  });

  it('finds a batch size that is fixed', async () => {
    await writeTampered(({ inputs }) => ({ inputs: inputs.map((input) => ({ ...input, shape: [8, 14, 8, 8] })) }));
    await expect(verifyOnnx(path, checkpoint, 'quick')).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' });
  });

  it('blames a file that cannot be opened', async () => {
    await writeFile(path, 'not a model');
    await expect(verifyOnnx(path, checkpoint, 'quick')).rejects.toMatchObject({ code: 'VERIFICATION_FAILED' });
  });

  it('blames a model that onnxruntime refuses while the judge works', async () => {
    await writeTampered(({ nodes }) => ({
      nodes: nodes.map((node) => (node.opType === 'Tanh' ? { ...node, opType: 'NoSuchOperator' } : node)),
    }));
    await expect(verifyOnnx(path, checkpoint, 'full')).rejects.toMatchObject({
      name: 'VerificationError',
      message: expect.stringContaining('NoSuchOperator'),
    });
  });

  it('stops when it is told to, before and while it computes', async () => {
    await writeTampered(() => ({}));
    const reason = new Error('cancelled');
    await expect(verifyOnnx(path, checkpoint, 'full', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const cancelled = new AbortController();
    const shares: number[] = [];
    const onProgress = (share: number) => {
      shares.push(share);
      cancelled.abort(reason);
    };
    const stopped = verifyOnnx(path, checkpoint, 'full', { signal: cancelled.signal, onProgress });
    await expect(stopped).rejects.toBe(reason);
    expect(shares).toEqual([1 / (1 + VERIFICATION_POSITIONS.length)]);
  });
});
