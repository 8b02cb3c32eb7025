import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint, type ReadOptions, withFile } from '@caissa/conversion';
import { isTensor, PyDict } from '@caissa/pytorch';
import { fixturePath } from '@caissa/testing/fixtures';
import { changed, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExporterHarness, inThisProcess, openHarness } from '../test-support/exporter-harness.js';
import { exportProcessor } from './export-model.js';
import { inspectProcessor } from './inspect-model.js';

let harness: ExporterHarness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

type ExportData = Parameters<ExporterHarness['exportItem']>[0];

const run = (data: ExportData, reading: ReadOptions = {}) =>
  exportProcessor(inThisProcess({ ...harness.context, reading }))(harness.exportItem(data));

async function inspected(name: string, reading: ReadOptions = {}) {
  await inspectProcessor(inThisProcess({ ...harness.context, reading }))(harness.inspectItem({ model_name: name }));
  return harness.context.catalogue.get(name);
}

describe('a checkpoint that holds two networks', () => {
  beforeAll(async () => {
    const other = smallStateDict();
    const bias = other.get('value_fc2.bias');
    if (!isTensor(bias)) throw new Error('there is no such tensor');
    other.set('value_fc2.bias', await changed(bias, (elements) => elements.fill(Number.NaN)));
    const root = smallRoot();
    root.set('ema', smallStateDict());
    root.set('diverged', other);
    await harness.addModel('two', root);
  });

  it('is told of with a warning, in the catalogue, the result, the manifest and the file', async () => {
    const warnings = [expect.stringMatching(/several networks.*"ema"/)];
    expect(await inspected('two')).toMatchObject({ status: 'ready', warnings });
    const result = await run({ model_name: 'two', format: 'pytorch' });
    expect(result).toMatchObject({ warnings, metadata: { warnings } });
    expect(await harness.context.store.readManifest(result.filename)).toMatchObject({ warnings });
    const file = await withFile(join(harness.exportsFolder, result.filename), openCheckpoint);
    expect(file.metadata).toMatchObject({ warnings });
    expect(file.warnings).toEqual([]);
  });

  it('is exported with the weights that were asked for', async () => {
    const { metadata, warnings } = await run({
      ...{ model_name: 'two', format: 'pytorch', weights: 'ema' },
      options: { opset: 11, verify: 'full' },
    });
    expect(metadata).toMatchObject({ weights_path: 'ema', verification: { level: 'full' } });
    expect(warnings).toEqual([]);
  });

  it('is refused for weights that no inspection has looked at', async () => {
    expect(await inspected('two')).toMatchObject({ status: 'ready' });
    for (const format of ['pytorch', 'onnx'] as const) {
      await expect(run({ model_name: 'two', format, weights: 'diverged' })).rejects.toMatchObject({
        code: 'NON_FINITE_WEIGHTS',
      });
    }
    const missing = run({ model_name: 'two', weights: 'best' });
    await expect(missing).rejects.toThrow(/^two\.pt: .*"best".*"ema"/);
  });
});

describe('a checkpoint that is read strictly', () => {
  it('is refused for objects of unknown classes', async () => {
    await copyFile(fixturePath('whole_module.pt'), harness.modelPath('module'));
    expect(await inspected('module')).toMatchObject({ status: 'ready' });
    const reading = { unknownObjects: 'refuse' } as const;
    expect(await inspected('module', reading)).toMatchObject({ problem: { code: 'PICKLE_GLOBAL' } });
    await expect(run({ model_name: 'module' }, reading)).rejects.toMatchObject({ code: 'PICKLE_GLOBAL' });
  });

  it('is refused for an architecture that it has not', async () => {
    const root = smallRoot();
    root.set('architecture', new PyDict([['num_channels', 128]]));
    await harness.addModel('other', root);
    expect(await inspected('other')).toMatchObject({ warnings: [expect.stringContaining('128')] });
    const reading = { strictArchitecture: true };
    expect(await inspected('other', reading)).toMatchObject({ problem: { code: 'ARCHITECTURE_MISMATCH' } });
  });
});
