import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { prepareFolder } from './prepare-folder.js';
import { ConfigurationError } from './read-settings.js';

const refusal = vi.hoisted(() => ({ code: '' }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const access = async (...args: Parameters<typeof fs.access>) => {
    // Whoever runs the tests as root may use every folder.
    if (refusal.code !== '') throw Object.assign(new Error(refusal.code), { code: refusal.code });
    return fs.access(...args);
  };
  return { ...fs, access };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-folder-'));
  refusal.code = '';
});
afterEach(() => rm(folder, { recursive: true }));

it('makes the folder, and takes one that is there', async () => {
  const path = join(folder, 'a', 'b');
  await prepareFolder(path, 'write');
  await prepareFolder(path, 'read');
  expect((await stat(path)).isDirectory()).toBe(true);
});

it('says which folder, which user and what to do', async () => {
  refusal.code = 'EACCES';
  const preparing = prepareFolder(folder, 'write');
  await expect(preparing).rejects.toThrow(ConfigurationError);
  const user = process.getuid?.();
  await expect(preparing).rejects.toThrow(
    new RegExp(
      `^The data folder ${folder} cannot be written by .* user ${user} \\(EACCES\\): .*chown -R ${user}.*DATA_DIR`,
    ),
  );
});

it('refuses a file in its place', async () => {
  await writeFile(join(folder, 'file'), '');
  const below = prepareFolder(join(folder, 'file', 'data'), 'write');
  await expect(below).rejects.toThrow(/file\/data cannot be made \(ENOTDIR\): set DATA_DIR to another one\.$/);
  await expect(prepareFolder(join(folder, 'file'), 'read')).rejects.toThrow(ConfigurationError);
});

it('takes a volume that has turned read-only, and leaves trouble that may pass to the system', async () => {
  await mkdir(join(folder, 'there'));
  refusal.code = 'EROFS';
  await prepareFolder(join(folder, 'there'), 'write');
  refusal.code = 'EIO';
  await expect(prepareFolder(join(folder, 'there'), 'write')).rejects.not.toThrow(ConfigurationError);
});
