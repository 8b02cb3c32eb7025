import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { largestDifference, runOnnx } from '@caissa/testing/networks';
import { SMALL } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EngineHarness, openEngineHarness, somePositions } from '../../test-support/engine-harness.js';
import { runBoards } from './run-boards.js';

let harness: EngineHarness;
beforeAll(async () => {
  harness = await openEngineHarness();
});
afterAll(() => harness.close());

describe('an optimised graph', () => {
  // onnxruntime lays out convolutions anew where the channels fill its vectors, and not where they do not.
  it.each([4, 32])('of %d channels computes what the graph computes as it is written', async (channels) => {
    await harness.addModel('model', channels, { ...SMALL, channels, blocks: 3 });
    const before = await readdir(harness.activeFolder);
    const session = await harness.openSession('model');
    const converted = (await readdir(harness.activeFolder)).find(
      (name) => name.endsWith('.onnx') && !before.includes(name),
    );
    const bytes = await readFile(join(harness.activeFolder, converted ?? ''));
    for (const count of [1, 7, 64]) {
      const boards = somePositions(count);
      const asWritten = await runOnnx(bytes, boards, count, 'disabled');
      expect(largestDifference(await runBoards(session, boards, count), asWritten)).toBeLessThanOrEqual(1e-5);
    }
  });
});
