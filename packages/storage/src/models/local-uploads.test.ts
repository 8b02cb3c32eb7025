import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { toAppError } from '@caissa/shared/errors';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { receiveUpload } from './local-uploads.js';

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

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-uploads-'));
});

afterAll(() => rm(folder, { recursive: true }));

it.each([
  ['writeFile', 'ENOSPC', 'STORAGE_FULL'],
  ['sync', 'EDQUOT', 'STORAGE_FULL'],
  ['writeFile', 'EROFS', 'STORE_UNAVAILABLE'],
  ['writeFile', 'EWHATEVER', 'INTERNAL'],
] as const)('an upload whose %s fails with %s ends as %s and leaves nothing behind', async (failing, failure, code) => {
  Object.assign(disk, { failing, failure });
  const error = await receiveUpload(folder, Readable.from([Buffer.alloc(500_000)]), 1e6).catch(toAppError);
  expect(error).toMatchObject({ code });
  expect(await readdir(folder)).toEqual([]);
});
