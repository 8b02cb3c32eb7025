import type * as FileSystem from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { startTestApi, type TestApi } from '../testing/start-test-api.js';

/** What the disk answers to writes of uploads, if it fails. */
const disk = vi.hoisted<{ failure: string | undefined; failing: 'writeFile' | 'sync' }>(() => ({
  failure: undefined,
  failing: 'writeFile',
}));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const open = async (...args: Parameters<typeof real.open>) => {
    const handle = await real.open(...args);
    if (disk.failure === undefined || !String(args[0]).includes('.upload-')) return handle;
    const { failure } = disk;
    handle[disk.failing] = () => Promise.reject(Object.assign(new Error('disk'), { code: failure }));
    return handle;
  };
  return { ...real, open };
});

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
});

afterEach(() => {
  disk.failure = undefined;
});

afterAll(() => api.close());

const put = (name: string) =>
  fetch(`${api.url}/api/model/upload/${name}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: new Uint8Array(500_000),
  });

it.each([
  ['writeFile', 'ENOSPC', 507, 'STORAGE_FULL'],
  ['sync', 'EDQUOT', 507, 'STORAGE_FULL'],
  ['writeFile', 'EROFS', 503, 'STORE_UNAVAILABLE'],
  ['writeFile', 'EWHATEVER', 500, 'INTERNAL'],
] as const)(
  'an upload whose %s fails with %s answers %i and leaves nothing behind',
  async (failing, failure, status, code) => {
    Object.assign(disk, { failing, failure });
    const response = await put('model');
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
    expect(await readdir(api.modelsFolder)).toEqual([]);
  },
);
