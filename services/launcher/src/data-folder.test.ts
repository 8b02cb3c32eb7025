import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provideModels } from './data-folder.js';
import { SetupError } from './setup-error.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('provideModels', () => {
  const write = async (models: string) => {
    await writeFile(join(models, 'a.pt'), '');
    return ['a.pt'];
  };

  it('fills a missing folder once and leaves an existing one alone, even empty', async () => {
    const models = join(folder, 'models');
    expect(await provideModels(models, write)).toBe(1);
    expect(await readdir(models)).toEqual(['a.pt']);
    await rm(join(models, 'a.pt'));
    expect(await provideModels(models, write)).toBe(0);
    expect(await readdir(models)).toEqual([]);
  });

  it('leaves no folder when it is interrupted, and sweeps what was begun', async () => {
    const models = join(folder, 'models');
    const failing = async (unfinished: string) => {
      await write(unfinished);
      throw new Error('no space');
    };
    await expect(provideModels(models, failing)).rejects.toThrow('no space');
    expect(await readdir(folder)).toEqual([]);
    await mkdir(join(folder, '.models-1'));
    expect(await provideModels(models, write)).toBe(1);
    expect(await readdir(folder)).toEqual(['models']);
  });

  it('says that the disk is full', async () => {
    const full = () => Promise.reject(Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC' }));
    const providing = provideModels(join(folder, 'models'), full);
    await expect(providing).rejects.toThrow(SetupError);
    await expect(providing).rejects.toThrow('too full for the sample models');
  });
});
