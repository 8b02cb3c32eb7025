import { createHash } from 'node:crypto';
import { copyFile, readFile, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint, withFile } from '@caissa/conversion';
import { PyDict, readCheckpoint } from '@caissa/pytorch';
import type { CatalogueEntry } from '@caissa/registry';
import { SpareProcess } from '@caissa/session';
import { FIXTURES, fixturePath } from '@caissa/testing/fixtures';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExporterHarness, inThisProcess, openHarness } from '../test-support/exporter-harness.js';
import { exportProcessor } from './export-model.js';
import type { TaskContext } from './tasks/checkpoint-tasks.js';

let harness: ExporterHarness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());
beforeEach(async () => {
  for (const name of await harness.exportedFiles()) await rm(join(harness.exportsFolder, name));
  await harness.addModel('model_v1');
});

const createdAt = new Date('2025-10-07T03:11:38.250Z');
const STEM = 'model_v1_export_20251007_031138';
const run = (
  item: ReturnType<ExporterHarness['exportItem']>,
  change: Partial<ExporterHarness['context'] & TaskContext> = {},
) => exportProcessor(inThisProcess({ ...harness.context, ...change }))(item);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an export job', () => {
  it.each(['pytorch', 'onnx'] as const)('makes the same bytes at any time of one source date (%s)', async (format) => {
    const sourceDate = new Date('2023-11-14T22:13:20Z');
    const at = (date: string) =>
      run(harness.exportItem({ format, options: { opset: 11, verify: 'quick' } }, { createdAt: new Date(date) }), {
        sourceDate,
      });
    const results = [await at('2025-10-07T03:11:38Z'), await at('2026-01-02T03:04:05Z')];
    expect(new Set(results.map(({ filename }) => filename)).size).toBe(2);
    for (const key of ['sha256', 'metadata'] as const) expect(results[0]?.[key]).toEqual(results[1]?.[key]);
    expect(results[0]?.metadata).toMatchObject({ export_date: '2023-11-14T22:13:20Z' });
    const beside = results.map(async ({ metadata_filename: name }) => {
      return name === undefined ? '' : readFile(join(harness.exportsFolder, name), 'utf8');
    });
    expect(await beside[0]).toBe(await beside[1]);
  });

  it('publishes a PyTorch checkpoint with its metadata', async () => {
    const item = harness.exportItem(
      { format: 'pytorch', metadata: { exported_by: 'User', win_rate: 0.9 }, options: { opset: 11, verify: 'full' } },
      { createdAt },
    );
    const result = await run(item);
    const source = await readFile(harness.modelPath('model_v1'));
    const file = await readFile(join(harness.exportsFolder, `${STEM}.pt`));
    const inFile = {
      version: 7,
      training_date: '2025-10-06T23:56:50',
      win_rate: 0.9,
      exported_by: 'User',
      export_date: '2025-10-07T03:11:38Z',
      export_format: 'pytorch',
      device_used: 'CPU',
      source_model: 'model_v1',
      source_sha256: sha256(source),
    };
    expect(result).toMatchObject({
      success: true,
      message: 'Model exported successfully to pytorch format',
      format: 'pytorch',
      filename: `${STEM}.pt`,
      job_id: item.id,
      model_name: 'model_v1',
      size_bytes: file.length,
      sha256: sha256(file),
      download_url: `/api/model/download/${STEM}.pt`,
    });
    expect(result.metadata).toEqual({
      ...inFile,
      sha256: sha256(file),
      verification: { level: 'full', tensors: expect.any(Number), bytes_compared: expect.any(Number) },
    });
    expect(await harness.exportedFiles()).toEqual([`${STEM}.pt`, `${STEM}.pt.manifest.json`]);
    const { metadata } = await withFile(join(harness.exportsFolder, `${STEM}.pt`), openCheckpoint);
    expect(metadata).toEqual(inFile);
  });

  it('publishes an ONNX model with its metadata beside it', async () => {
    const item = harness.exportItem({ options: { opset: 17, verify: 'quick' } }, { createdAt });
    const result = await run(item);
    expect(result).toMatchObject({ filename: `${STEM}.onnx`, metadata_filename: `${STEM}.json` });
    expect(result.metadata).toMatchObject({
      version: 7,
      opset_version: 17,
      export_format: 'onnx',
      verification: { level: 'quick', positions: 1, device: 'CPU' },
    });
    expect(JSON.parse(await readFile(join(harness.exportsFolder, `${STEM}.json`), 'utf8'))).toEqual(result.metadata);
    expect(await harness.exportedFiles()).toEqual([`${STEM}.json`, `${STEM}.onnx`, `${STEM}.onnx.manifest.json`]);
    expect(item.reports.map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(['opening', 'converting', 'verifying', 'publishing']),
    );
    const percents = item.reports.map(({ percent }) => percent);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(await harness.context.exports.beyond(0)).toContainEqual(
      expect.objectContaining({ filename: `${STEM}.onnx`, job_id: item.id }),
    );
  });

  it('is verified in the process that waits for it, and another one takes its place', async () => {
    const spare = new SpareProcess(10);
    try {
      spare.take().kill('SIGKILL');
      await expect.poll(() => spare.pid, { timeout: 5_000 }).toBeDefined();
      const first = spare.pid;
      await run(harness.exportItem({ options: { opset: 11, verify: 'quick' } }, { createdAt }), { spare });
      await expect.poll(() => spare.pid, { timeout: 5_000 }).not.toBe(first);
      expect((await harness.context.store.readManifest(`${STEM}.onnx`))?.metadata['verification']).toMatchObject({
        level: 'quick',
      });
    } finally {
      spare.close();
    }
  });

  it('publishes an ONNX model that is too large for one file with its weights beside it', async () => {
    const item = harness.exportItem({ options: { opset: 11, verify: 'full' } }, { createdAt });
    const result = await run(item, { maxFileBytes: 10_000 });
    const data = await readFile(join(harness.exportsFolder, `${STEM}.onnx.data`));
    expect(result).toMatchObject({
      filename: `${STEM}.onnx`,
      data_filename: `${STEM}.onnx.data`,
      data_size_bytes: data.length,
      data_sha256: sha256(data),
      metadata: { data_sha256: sha256(data), verification: { level: 'full', device: 'CPU' } },
    });
    expect(await harness.exportedFiles()).toEqual(
      ['.json', '.onnx', '.onnx.data', '.onnx.manifest.json'].map((ending) => STEM + ending),
    );
    expect((await readFile(join(harness.exportsFolder, `${STEM}.onnx`))).includes(`${STEM}.onnx.data`)).toBe(true);
  });

  it('lets nobody override what the system knows', async () => {
    const forged = {
      export_date: 'never',
      source_sha256: 'x',
      sha256: 'x',
      data_sha256: 'x',
      verification: { level: 'full' },
      device_used: 'TPU',
      source_model: 'stockfish',
      export_format: 'tar',
      opset_version: 99,
    };
    const { metadata, sha256: digest } = await run(harness.exportItem({ metadata: forged }, { createdAt }));
    expect(metadata).toMatchObject({
      export_date: '2025-10-07T03:11:38Z',
      device_used: 'CPU',
      source_model: 'model_v1',
      export_format: 'onnx',
      opset_version: 11,
      sha256: digest,
      verification: { level: 'none' },
    });
    expect(metadata).not.toHaveProperty('data_sha256');
    expect(metadata['source_sha256']).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(FIXTURES.filter(({ torch }) => torch === 'torch-2.13'))('exports $label in both formats', async (fixture) => {
    await copyFile(fixture.path, harness.modelPath('fixture'));
    for (const format of ['pytorch', 'onnx'] as const) {
      const result = await run(
        harness.exportItem({ model_name: 'fixture', format, options: { opset: 11, verify: 'none' } }, { createdAt }),
      );
      expect(result).toMatchObject({ format, model_name: 'fixture' });
    }
  });

  it('gives two exports of one model in one second two names', async () => {
    const results = await Promise.all(
      [1, 2, 3].map(() => run(harness.exportItem({ format: 'pytorch' }, { createdAt }))),
    );
    expect(results.map(({ filename }) => filename).sort()).toEqual([`${STEM}.pt`, `${STEM}_2.pt`, `${STEM}_3.pt`]);
  });

  it('answers the artifact that an earlier attempt at it has published', async () => {
    const other = await run(harness.exportItem({ format: 'pytorch' }, { createdAt }));
    const item = harness.exportItem({ format: 'pytorch' }, { createdAt });
    const first = await run(item);
    await harness.context.exports.remove(first.filename);
    await rm(harness.modelPath('model_v1'));
    expect(await run(item)).toEqual(first);
    expect(first.filename).not.toBe(other.filename);
    expect((await harness.context.exports.newestFirst()).map(({ filename }) => filename)).toContain(first.filename);
  });

  it('takes the digest from the catalogue only while the file is the one that was inspected', async () => {
    const { identity } = await harness.context.models.find('model_v1');
    const entry = {
      name: 'model_v1',
      identity,
      status: 'ready',
      version: 7,
      training_date: null,
      metadata: {},
      architecture: null,
      sha256: 'f'.repeat(64),
      warnings: [],
      inspected_at: new Date().toISOString(),
    } satisfies CatalogueEntry;
    await harness.context.catalogue.put(entry, []);
    expect((await run(harness.exportItem({}, { createdAt }))).metadata['source_sha256']).toBe('f'.repeat(64));
    await utimes(harness.modelPath('model_v1'), new Date(), new Date(1_700_000_000_000));
    const digest = sha256(await readFile(harness.modelPath('model_v1')));
    expect((await run(harness.exportItem({}, { createdAt }))).metadata['source_sha256']).toBe(digest);
    await harness.context.catalogue.remove('model_v1');
  });

  it('keeps as many exports as it is told to, the newest ones', async () => {
    for (const { filename } of await harness.context.exports.beyond(0)) await harness.context.exports.remove(filename);
    const names: string[] = [];
    for (let second = 0; second < 4; second++) {
      const at = new Date(createdAt.getTime() + second * 1000);
      const { filename } = await run(harness.exportItem({}, { createdAt: at }), { keepRecentExports: 2 });
      names.push(filename);
    }
    const manifests = await harness.context.exports.newestFirst();
    expect(manifests.map(({ filename }) => filename)).toEqual([names[3], names[2]]);
    expect((await harness.exportedFiles()).filter((name) => name.endsWith('.onnx'))).toEqual([names[2], names[3]]);
  });
});

describe('an exported checkpoint', () => {
  it('holds nothing but weights, metadata and architecture', async () => {
    await copyFile(fixturePath('training.pt'), harness.modelPath('model_v1'));
    const { filename } = await run(harness.exportItem({ format: 'pytorch' }));
    await withFile(join(harness.exportsFolder, filename), async (source) => {
      const { root } = await readCheckpoint(source);
      expect(root instanceof PyDict && [...root.keys()]).toEqual(['model_state_dict', 'metadata', 'architecture']);
    });
  });
});
