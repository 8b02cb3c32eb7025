import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGraph, checkOutputs, inferArchitecture, initialStateDict, referenceGraph } from '@caissa/chess';
import type { OnnxModel } from '@caissa/onnx';
import { readFloat32, type StateDict } from '@caissa/tensor';
import { mutatedModels, soundModel } from '@caissa/testing/exporter-mutations';
import { changed, named, runOnnx, SMALL, trainedStateDict } from '@caissa/testing/networks';
import { modelBytes } from '@caissa/testing/run-model';
import { floats, noise } from '@caissa/testing/tensors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareInitializers } from './compare-initializers.js';
import { batchFor, compareWithReference, computeReference, measureNoise, type Reference } from './reference.js';
import { VerificationError } from './verification-error.js';

const ARCHITECTURE = { ...SMALL, channels: 6, blocks: 1, policyPlanes: 2, valuePlanes: 2, valueHidden: 8 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-mutations-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What verification at the default level does with a model, but for the process that it runs it in. */
async function verify(bytes: Buffer, graph: ReturnType<typeof referenceGraph>, reference: Reference): Promise<void> {
  const path = join(folder, 'model.onnx');
  await writeFile(path, bytes);
  await compareInitializers(path, graph);
  const { boards } = batchFor(reference.outputs);
  const outputs = await runOnnx(bytes, Float32Array.from(boards.flatMap((board) => [...board])), boards.length);
  const { problems } = checkOutputs(outputs, boards.length);
  if (problems.length > 0) throw new VerificationError(problems.join(' '));
  await compareWithReference(reference, outputs);
}

/** Sure of the dense input, whatever most of its value head makes of that, and not of a position. */
async function saturatedStateDict(): Promise<StateDict> {
  const values = Float32Array.from(noise(8), (one) => 100 * one);
  const large = changed(trainedStateDict(ARCHITECTURE, 5), { 'value_fc2.weight': floats([1, 8], values) });
  const score = await computeReference(referenceGraph(inferArchitecture(large)), 'full');
  const [bias = 0] = await readFloat32(named(large, 'value_fc2.bias'));
  const stateDict = changed(large, {
    'value_fc2.bias': floats([1], [bias + 0.3 - (score.valueScore[1] ?? Number.NaN)]),
  });
  const { value } = await computeReference(referenceGraph(inferArchitecture(stateDict)), 'quick');
  expect(Array.from(value, (one) => Math.abs(one) > 0.9999)).toEqual([true, false]);
  return stateDict;
}

it.each<[string, () => StateDict | Promise<StateDict>]>([
  ['trained', () => trainedStateDict(ARCHITECTURE, 5)],
  // Its value is near zero, so that a negated one differs by little.
  ['fresh', () => initialStateDict(ARCHITECTURE, 5)],
  ['saturated', saturatedStateDict],
])('the default level finds the mistakes of an exporter in a %s network', async (_, make) => {
  const network = inferArchitecture(await make());
  const [graph, judge] = [buildGraph(network), referenceGraph(network)];
  const outputs = await computeReference(judge, 'quick');
  const reference = { outputs, measureNoise: () => measureNoise(judge) };
  const sound = await modelBytes(soundModel(graph));
  await verify(sound, judge, reference);
  const missed: string[] = [];
  let mistakes = 0;
  for (const { mistake, model } of mutatedModels(graph, 20)) {
    const bytes = await modelBytes(model as OnnxModel);
    // A batch norm that has not seen anything yet has no mean to ignore.
    if (bytes.equals(sound)) continue;
    mistakes++;
    await verify(bytes, judge, reference).then(
      () => missed.push(mistake),
      (error: unknown) => {
        if (!(error instanceof VerificationError)) throw error;
      },
    );
  }
  expect(mistakes).toBeGreaterThan(60);
  expect(missed).toEqual([]);
});
