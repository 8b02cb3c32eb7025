import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectWorker } from '@caissa/redis';
import { activate, Catalogue } from '@caissa/registry';
import { type ModelInfo, modelInfoSchema } from '@caissa/shared/contracts';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;
/** A connection as another process has it. */
let worker: ReturnType<typeof connectWorker>;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  worker = connectWorker(inject('redisUrl'));
  await api.addModel('m');
});
afterEach(async () => {
  worker.disconnect();
  await api.close();
});

async function show(name = 'm'): Promise<ModelInfo> {
  const response = await fetch(`${api.url}/api/model/info/${name}`);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  return modelInfoSchema.parse(await response.json());
}

it('writes a model once while nothing about it changes, also for many who ask at once', async () => {
  const { modelDetails } = api.context;
  const before = await modelDetails.current('m');
  await api.addModel('n');
  const answers = await Promise.all(Array.from({ length: 20 }, () => modelDetails.current('m')));
  expect(answers.filter((answer) => answer !== before)).toEqual([]);
});

it('shows what an inspection has found to the very next request, tensors included', async () => {
  const entry = await api.context.catalogue.get('m');
  const catalogue = new Catalogue(worker, api.context.jobs.keys);
  for (let version = 2; version < 30; version++) {
    const tensor = { name: `t${version}`, dtype: 'float32', shape: [version] };
    if (entry) await catalogue.put({ ...entry, version }, [tensor]);
    expect(await show()).toMatchObject({ version, tensors: [tensor] });
  }
  await catalogue.remove('m');
  expect(await show()).toMatchObject({ status: 'inspecting', sha256: null, tensors: [] });
});

it('shows the very next request that a file was written to, and that it is gone', async () => {
  expect(await show()).toMatchObject({ status: 'ready', sha256: 'a'.repeat(64) });
  await writeFile(join(api.modelsFolder, 'm.pt'), 'other content');
  expect(await show()).toMatchObject({ status: 'inspecting', sha256: null, size_bytes: 13, tensors: [] });
  await rm(join(api.modelsFolder, 'm.pt'));
  expect((await fetch(`${api.url}/api/model/info/m`)).status).toBe(404);
  await api.addModel('m', { version: 7 });
  expect(await show()).toMatchObject({ status: 'ready', version: 7 });
});

it('shows the very next request which model is active', async () => {
  await api.addModel('n', { sha256: 'b'.repeat(64) });
  for (const [at, name] of ['m', 'n', 'm'].entries()) {
    await activate(worker, api.context.jobs.keys, {
      model_name: name,
      version: 1,
      source_sha256: (name === 'm' ? 'a' : 'b').repeat(64),
      metadata: {},
      load_date: '2025-10-07T03:12:13Z',
      job_id: `load-${at}`,
    });
    expect([(await show('m')).is_current, (await show('n')).is_current]).toEqual([name === 'm', name === 'n']);
  }
});

it('answers for more models than it keeps, and for names of none', async () => {
  const { modelDetails } = api.context;
  for (let at = 0; at < 200; at++) {
    await expect(modelDetails.current(`none-${at}`)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  }
  const before = await modelDetails.current('m');
  for (let at = 0; at < 140; at++) await api.writeModel(`other-${at}`);
  for (let at = 0; at < 140; at++) await modelDetails.current(`other-${at}`);
  const after = await modelDetails.current('m');
  expect(after).not.toBe(before);
  expect(after).toEqual(before);
});
