import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCaissa } from '../../services/cli/test-support/run-caissa.js';
import { exportProcessor } from '../../services/exporter/src/export-model.js';
import { type ExporterHarness, openHarness } from '../../services/exporter/test-support/exporter-harness.js';

let harness: ExporterHarness;
let folder: string;
beforeAll(async () => {
  harness = await openHarness();
  folder = await mkdtemp(join(tmpdir(), 'caissa-cli-'));
});
afterAll(async () => {
  await harness.close();
  await rm(folder, { recursive: true });
});

it.each(['pytorch', 'onnx'] as const)(
  'the command line writes, bit by bit, what a worker publishes (%s)',
  async (format) => {
    await harness.addModel('model_v1');
    await copyFile(harness.modelPath('model_v1'), join(folder, 'model_v1.pt'));
    const asked = ['--format', format, '--opset', '13', '--verify', 'quick', '--metadata', 'rate=0.9', '--json'];
    const { code, out } = await runCaissa(folder, 'export', 'model_v1.pt', '--out', 'out', ...asked);
    expect(code).toBe(0);
    const [ours] = JSON.parse(out).exports;
    const createdAt = new Date(ours.metadata.export_date);
    const options = { opset: 13, verify: 'quick' } as const;
    const item = harness.exportItem({ format, metadata: { rate: 0.9 }, options }, { createdAt });
    const theirs = await exportProcessor(harness.context)(item);
    expect(ours.path).toBe(join('out', theirs.filename));
    expect(ours.metadata).toEqual(theirs.metadata);
    for (const name of await readdir(join(folder, 'out'))) {
      const published = await readFile(join(harness.exportsFolder, name));
      expect(published.equals(await readFile(join(folder, 'out', name)))).toBe(true);
    }
    await rm(join(folder, 'out'), { recursive: true });
  },
);
