import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGraph, checkOutputs, inferArchitecture, initialStateDict, referenceGraph } from '@caissa/chess';
import type { OnnxModel } from '@caissa/onnx';
import type { StateDict } from '@caissa/tensor';
import { mutatedModels, soundModel } from '@caissa/testing/exporter-mutations';
import { runOnnx, SMALL, trainedStateDict } from '@caissa/testing/networks';
import { modelBytes } from '@caissa/testing/run-model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compareInitializers } from './compare-initializers.js';
import { boardsOf, compareWithReference, computeReference, measureNoise, type Reference } from './reference.js';

const ARCHITECTURE = { ...SMALL, channels: 6, blocks: 1, policyPlanes: 2, valuePlanes: 2, valueHidden: 8 };
const BOARDS = boardsOf('quick');

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
  const boards = Float32Array.from(BOARDS.flatMap((board) => [...board]));
  const outputs = await runOnnx(bytes, boards, BOARDS.length);
  expect(checkOutputs(outputs, BOARDS.length).problems).toEqual([]);
  await compareWithReference(reference, outputs);
}

it.each<[string, StateDict]>([
  ['trained', trainedStateDict(ARCHITECTURE, 5)],
  // Its value is near zero, so that a negated one differs by little.
  ['fresh', initialStateDict(ARCHITECTURE, 5)],
])('the default level finds the mistakes of an exporter in a %s network', async (_, stateDict) => {
  const network = inferArchitecture(stateDict);
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
      () => undefined,
    );
  }
  expect(mistakes).toBeGreaterThan(60);
  expect(missed).toEqual([]);
});
