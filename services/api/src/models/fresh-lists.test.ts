import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connectWorker } from '@caissa/redis';
import { activate, Catalogue, ExportIndex } from '@caissa/registry';
import { type ExportList, exportListSchema, type ModelList, modelListSchema } from '@caissa/shared/contracts';
import type { Manifest } from '@caissa/storage';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

/** Two API processes on the same folder and the same Redis, and what a worker has: a connection of its own. */
let api: TestApi;
let second: TestApi;
let worker: ReturnType<typeof connectWorker>;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
  const { REDIS_PREFIX, DATA_DIR } = api.context.settings;
  second = await startTestApi(inject('redisUrl'), { REDIS_PREFIX, DATA_DIR });
  worker = connectWorker(inject('redisUrl'));
});
afterEach(async () => {
  worker.disconnect();
  await second.close();
  await api.close();
});

async function get(path: string): Promise<unknown[]> {
  return Promise.all(
    [api, second].map(async ({ url }) => {
      const response = await fetch(`${url}${path}`);
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
      return response.json();
    }),
  );
}
const models = async (query = ''): Promise<ModelList[]> =>
  (await get(`/api/model/list${query}`)).map((body) => modelListSchema.parse(body));
const exported = async (query = ''): Promise<ExportList[]> =>
  (await get(`/api/model/exports${query}`)).map((body) => exportListSchema.parse(body));
const refresh = (name: string) =>
  Promise.all([api, second].map(({ context }) => context.modelFolder.refresh(`${name}.pt`)));

const manifest = (number: number): Manifest => ({
  schema_version: 1,
  filename: `m_export_20251007_0311${10 + number}.pt`,
  format: 'pytorch',
  model_name: 'm',
  job_id: `export-${number}`,
  size_bytes: 1,
  sha256: 'a'.repeat(64),
  export_date: new Date(Date.UTC(2025, 9, 7, 3, 11, 10 + number)).toISOString(),
  metadata: {},
  warnings: [],
});

describe('what somebody else has changed is shown to the very next request', () => {
  it('of the list of models, whatever process answers', async () => {
    await api.addModel('m');
    await refresh('m');
    const entry = await api.context.catalogue.get('m');
    const catalogue = new Catalogue(worker, api.context.jobs.keys);
    for (let version = 2; version < 30; version++) {
      if (entry) await catalogue.put({ ...entry, version }, []);
      expect((await models()).map((list) => list.models[0]?.version)).toEqual([version, version]);
      expect((await models('?limit=1')).map((list) => list.models[0]?.version)).toEqual([version, version]);
    }
    await catalogue.remove('m');
    expect((await models()).map((list) => list.models[0]?.status)).toEqual(['inspecting', 'inspecting']);
  });

  it('of the list of exports, whatever process answers', async () => {
    const index = new ExportIndex(worker, api.context.jobs.keys);
    for (let number = 1; number < 30; number++) {
      await index.add(manifest(number));
      for (const list of await exported()) {
        expect([list.count, list.exports[0]?.filename]).toEqual([number, manifest(number).filename]);
      }
    }
    await index.remove(manifest(29).filename);
    for (const list of await exported('?limit=2')) {
      expect(list.exports.map(({ filename }) => filename)).toEqual([manifest(28).filename, manifest(27).filename]);
      expect([list.count, list.next_cursor]).toEqual([28, manifest(27).filename]);
    }
  });

  it('when another model is activated, and another again', async () => {
    await api.addModel('one', { sha256: 'a'.repeat(64), version: 2 });
    await api.addModel('two', { sha256: 'b'.repeat(64), version: 1 });
    await Promise.all([refresh('one'), refresh('two')]);
    const current = async () => (await models()).map((list) => list.models.map(({ is_current }) => is_current));
    for (const [at, name] of ['one', 'two', 'one'].entries()) {
      await activate(worker, api.context.jobs.keys, {
        model_name: name,
        version: 1,
        source_sha256: (name === 'one' ? 'a' : 'b').repeat(64),
        metadata: {},
        load_date: '2025-10-07T03:12:13Z',
        job_id: `load-${at}`,
      });
      const expected = [name === 'one', name === 'two'];
      expect(await current()).toEqual([expected, expected]);
    }
  });

  it('when a file is taken away, and when it comes back', async () => {
    await api.addModel('m', { version: 3 });
    await refresh('m');
    await rm(join(api.modelsFolder, 'm.pt'));
    await refresh('m');
    expect((await models()).map(({ count }) => count)).toEqual([0, 0]);
    await api.writeModel('m', 'another file');
    await refresh('m');
    expect((await models()).map((list) => list.models[0]?.status)).toEqual(['inspecting', 'inspecting']);
  });

  it('when Redis has lost everything', async () => {
    await api.addModel('m', { version: 3 });
    await refresh('m');
    await new ExportIndex(worker, api.context.jobs.keys).add(manifest(1));
    expect((await models()).map((list) => list.models[0]?.status)).toEqual(['ready', 'ready']);
    expect((await exported()).map(({ count }) => count)).toEqual([1, 1]);
    const stored = await api.addExport('m_export_20251007_031100', 'pytorch', new Uint8Array(1));
    const { catalogue, catalogueChanges, ...keys } = api.context.jobs.keys;
    await worker.del(catalogue, catalogueChanges);
    await worker.del(keys.exports, keys.exportsChanges, keys.exportsByDate, keys.exportsIndexed);
    expect((await models()).map((list) => list.models[0]?.status)).toEqual(['inspecting', 'inspecting']);
    expect(await models()).toMatchObject(Array(2).fill({ complete: false, indexed: 0, total: 1 }));
    const [first] = await exported();
    expect(first).toMatchObject({ count: 0, complete: false, indexed: 0 });
    // Having been asked for, the list is made again by one of the two.
    await expect.poll(async () => (await exported()).map(({ complete }) => complete)).toEqual([true, true]);
    expect((await exported()).map(({ exports }) => exports.map(({ filename }) => filename))).toEqual(
      Array(2).fill([stored.filename]),
    );
  });
});

it('does not make a list anew that has not changed', async () => {
  await api.addModel('m');
  const { modelList } = api.context;
  const before = await modelList.current();
  expect(await modelList.current()).toBe(before);
  await api.addModel('n');
  const after = await modelList.current();
  expect(after).not.toBe(before);
  expect(after.rows).toHaveLength(2);
});
