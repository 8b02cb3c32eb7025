import './add-toy-format.js';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checkpoint, openCheckpoint, withFile } from '@caissa/conversion';
import { exportFilenamePattern } from '@caissa/formats';
import { readFloat32 } from '@caissa/tensor';
import { saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../services/api/test-support/start-test-api.js';
import { commandLine } from '../../services/cli/src/command-line.js';
import { runExport } from '../../services/cli/src/export-command.js';
import { runInspect } from '../../services/cli/src/inspect-command.js';
import { exportProcessor } from '../../services/exporter/src/export-model.js';
import { inspectProcessor } from '../../services/exporter/src/inspect-model.js';
import { inThisProcess } from '../../services/exporter/test-support/exporter-harness.js';
import { Client } from '../setup/client.js';

let api: TestApi;
let client: Client;
beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
  client = new Client(api.url);
  const { modelStore: models, ...context } = api.context;
  const exporter = inThisProcess({ ...context, models, keepRecentExports: 2 });
  api.work('export', exportProcessor(exporter));
  api.work('inspect', inspectProcessor(exporter));
  await writeFile(join(api.modelsFolder, 'model_v1.pt'), await checkpointBytes());
  await api.context.modelFolder.refresh('model_v1.pt');
});
afterAll(() => api.close());

async function checkpointBytes(): Promise<Uint8Array> {
  const source = await saved(smallRoot());
  const bytes = new Uint8Array(source.sizeBytes);
  await source.readInto(bytes, 0);
  return bytes;
}

async function exported(format: string, model: string, body?: object) {
  const { status, result, error } = await client.finish(await client.export(format, model, body));
  expect({ status, error }).toEqual({ status: 'completed', error: undefined });
  return result as { filename: string; metadata_filename: string; metadata: Record<string, unknown> };
}

async function weightsOf(path: string): Promise<[string, Float32Array][]> {
  const read = async ({ network }: Checkpoint) => {
    const weights: [string, Float32Array][] = [];
    for (const [name, tensor] of network.tensors) weights.push([name, await readFloat32(tensor)]);
    return weights;
  };
  return withFile(path, async (source) => read(await openCheckpoint(source)));
}

describe('a format of which nothing knows but its rows', () => {
  it('is in the description of the API', async () => {
    const { schemas } = (await client.get('/api/openapi.json')).body['components'] as {
      schemas: Record<string, { enum?: string[]; properties?: Record<string, unknown> }>;
    };
    expect(schemas['ExportFormat']?.enum).toEqual(['pytorch', 'onnx', 'toy']);
    expect(schemas['ExportOptions']?.properties?.['age']).toMatchObject({
      type: 'integer',
      maximum: 99,
      default: 4,
      description: 'Age of the child; ignored by the pytorch and onnx formats.',
    });
  });

  it('is exported, listed, downloaded and removed by the API', async () => {
    expect((await client.post('/api/model/export/toy/model_v1', { options: { age: 2 } })).status).toBe(400);
    const result = await exported('toy', 'model_v1', {
      metadata: { note: 'fun' },
      options: { age: 5, verify: 'full' },
    });
    expect(result.filename).toMatch(/^model_v1_export_\d{8}_\d{6}\.toy$/);
    expect(result.metadata_filename).toBe(`${result.filename}.json`);
    expect(result.metadata).toMatchObject({ version: 7, note: 'fun', export_format: 'toy', toy_age: 5 });
    expect(result.metadata['verification']).toMatchObject({ level: 'full', note: expect.stringContaining('elements') });
    expect((await client.get('/api/model/exports')).body).toMatchObject({ count: 1, exports: [{ format: 'toy' }] });
    const bytes = await client.download(`/api/model/download/${result.filename}`);
    expect(bytes.subarray(0, 4).toString()).toBe('TOY\n');
    const metadata = await client.download(`/api/model/download/${result.metadata_filename}`);
    expect(JSON.parse(metadata.toString())).toEqual(result.metadata);
    expect((await client.send('DELETE', `/api/model/exports/${result.filename}`)).status).toBe(200);
    expect(await readdir(api.exportsFolder)).toEqual([]);
  });

  it('is read, whatever it is written as then', async () => {
    const { filename } = await exported('toy', 'model_v1');
    await writeFile(join(api.modelsFolder, 'again.toy'), await readFile(join(api.exportsFolder, filename)));
    await api.context.modelFolder.refresh('again.toy');
    const result = await exported('pytorch', 'again', { options: { verify: 'full' } });
    expect(result.metadata).toMatchObject({ version: 7, win_rate: 0.75, toy_age: 4, source_model: 'again' });
    const path = join(api.exportsFolder, result.filename);
    expect(await weightsOf(path)).toEqual(await weightsOf(join(api.modelsFolder, 'model_v1.pt')));
  });

  it('counts among the exports of which the newest are kept, and leaves nothing behind', async () => {
    for (const format of ['toy', 'onnx', 'toy']) await exported(format, 'model_v1');
    const { body } = await client.get('/api/model/exports');
    expect(body['exports']).toMatchObject([{ format: 'toy' }, { format: 'onnx' }]);
    // What a worker that died has left of them is known by these names.
    for (const name of ['.toy', '.toy.json'])
      expect(`model_v1_export_20250101_000000${name}`).toMatch(exportFilenamePattern());
  });

  it('is exported by the command line, whose help tells of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caissa-toy-'));
    await writeFile(join(folder, 'model_v1.pt'), await checkpointBytes());
    const model = join(folder, 'model_v1.pt');
    const { code, out } = await runInProcess(
      'export',
      model,
      '--format',
      'toy',
      '--age',
      '7',
      '--out',
      folder,
      '--json',
    );
    expect(code).toBe(0);
    const [made] = JSON.parse(out).exports;
    expect(made).toMatchObject({ format: 'toy', metadata: { toy_age: 7 }, metadata_path: `${made.path}.json` });
    expect(await weightsOf(made.path)).toEqual(await weightsOf(model));
    await rm(folder, { recursive: true });
    const help = (await runInProcess('export', '--help')).out.replace(/\s+/g, ' ');
    expect(help).toContain('exports checkpoints to PyTorch, ONNX, and Toy files');
    expect(help).toContain('pytorch, onnx, toy or several: may be repeated');
    expect(help).toContain('--age <years> Age of the child, 3 to 99 (default: 4)');
    expect(help).toContain('a Toy file gets its metadata beside it as .toy.json');
  });
});

async function runInProcess(...args: string[]): Promise<{ code: number | undefined; out: string }> {
  let out = '';
  const print = (text: string) => {
    out += text;
  };
  const { signal } = new AbortController();
  const terminal = { out: print, err: print, isInteractive: false, columns: 80, signal };
  let code: number | undefined;
  const commands = {
    export: (...asked: [readonly string[], Parameters<typeof runExport>[1]]) => runExport(...asked, terminal),
    inspect: (...asked: [string, Parameters<typeof runInspect>[1]]) => runInspect(...asked, terminal),
    upload: () => Promise.reject(new Error('not asked for')),
  };
  await commandLine(commands, '0', terminal, (ended) => {
    code = ended;
  })
    .parseAsync(args, { from: 'user' })
    .catch((error: unknown) => {
      if (!args.includes('--help')) throw error;
    });
  return { code, out };
}
