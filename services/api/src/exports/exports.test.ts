import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exportListSchema, removalSchema } from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
});

afterEach(() => api.close());

/** Adds exports 1 to `count`, each a second newer than the one before; odd ones are ONNX. */
async function addExports(count: number): Promise<string[]> {
  const names: string[] = [];
  for (let at = 1; at <= count; at++) {
    const format = at % 2 === 1 ? 'onnx' : 'pytorch';
    const date = new Date(Date.UTC(2025, 9, 7, 3, 11, at)).toISOString();
    names.push(
      (await api.addExport(`m${at}_export_20251007_0311${at + 10}`, format, new Uint8Array(at), date)).filename,
    );
  }
  return names;
}

async function list(query = '') {
  const response = await fetch(`${api.url}/api/model/exports${query}`);
  expect(response.status).toBe(200);
  const body = exportListSchema.parse(await response.json());
  return { ...body, names: body.exports.map((one) => one.filename) };
}

const cleanUp = async (body: unknown) => {
  const response = await fetch(`${api.url}/api/model/exports/cleanup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return removalSchema.parse(await response.json());
};

describe('the list of exports', () => {
  it('is newest first, page by page', async () => {
    expect(await list()).toMatchObject({ names: [], count: 0 });
    const names = (await addExports(5)).reverse();
    expect((await list()).names).toEqual(names);
    const first = await list('?limit=2');
    expect([first.names, first.count]).toEqual([names.slice(0, 2), 5]);
    const second = await list(`?limit=3&cursor=${first.next_cursor}`);
    expect([second.names, second.next_cursor]).toEqual([names.slice(2), undefined]);
    expect((await fetch(`${api.url}/api/model/exports?cursor=gone`)).status).toBe(400);
  });

  it('says where the file and its metadata are', async () => {
    const [name = ''] = await addExports(1);
    expect((await list()).exports[0]).toMatchObject({
      format: 'onnx',
      model_name: 'model_v1',
      size_bytes: 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      metadata_filename: name.replace('.onnx', '.json'),
      download_url: `/api/model/download/${name}`,
    });
  });
});

describe('DELETE', () => {
  const remove = (name: string) => fetch(`${api.url}/api/model/exports/${name}`, { method: 'DELETE' });

  it('removes an export with its metadata, and nothing else', async () => {
    const [first = '', second = ''] = await addExports(2);
    const removed = removalSchema.parse(await (await remove(first)).json());
    expect(removed.removed.map((file) => file.filename)).toEqual([first, first.replace('.onnx', '.json')]);
    expect(removed.removed_bytes).toBe(removed.removed.reduce((sum, file) => sum + file.size_bytes, 0));
    expect((await list()).names).toEqual([second]);
    for (const name of [first, first.replace('.onnx', '.json')]) {
      expect((await fetch(`${api.url}/api/model/download/${name}`)).status).toBe(404);
    }
    expect((await remove(first)).status).toBe(404);
  });

  it('does not remove a metadata file alone', async () => {
    const [name = ''] = await addExports(1);
    expect((await remove(name.replace('.onnx', '.json'))).status).toBe(404);
    expect((await list()).names).toEqual([name]);
  });
});

describe('a clean-up', () => {
  it('keeps the newest, and first tells what it would do', async () => {
    const names = await addExports(5);
    const plan = await cleanUp({ keep_recent: 2, dry_run: true });
    expect(plan.dry_run).toBe(true);
    expect((await list()).count).toBe(5);
    const done = await cleanUp({ keep_recent: 2 });
    expect(done.removed).toEqual(plan.removed);
    expect(done.removed_bytes).toBe(plan.removed_bytes);
    // Three exports, two of them with a metadata file.
    expect(done.removed).toHaveLength(5);
    expect((await list()).names).toEqual([names[4], names[3]]);
    expect(await cleanUp({ keep_recent: 2 })).toMatchObject({ removed: [], removed_bytes: 0 });
  });

  it('does not mind files that are gone already', async () => {
    const [first = ''] = await addExports(2);
    await rm(join(api.exportsFolder, `${first}.manifest.json`));
    const { removed } = await cleanUp({ keep_recent: 0 });
    expect(removed).toHaveLength(1);
    expect((await list()).names).toEqual([]);
  });

  it.each([{ keep_recent: -1 }, { keep_recent: 1.5 }, { keep_recent: '1' }, {}, { keep_recent: 1, force: true }])(
    'refuses %j',
    async (body) => {
      const response = await fetch(`${api.url}/api/model/exports/cleanup`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(400);
    },
  );
});
