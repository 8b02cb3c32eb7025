import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishUpload } from './publish-upload.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-publish-'));
  await writeFile(join(folder, 'temporary'), 'new');
});

afterEach(() => rm(folder, { recursive: true }));

const noLinks = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));

describe.each([
  ['with links', undefined],
  ['without links', noLinks],
])('publishUpload %s', (_how, makeLink) => {
  it('moves the file to its name', async () => {
    await publishUpload(join(folder, 'temporary'), join(folder, 'a.pt'), 'a', makeLink);
    expect(await readdir(folder)).toEqual(['a.pt']);
    expect(await readFile(join(folder, 'a.pt'), 'utf8')).toBe('new');
  });

  it('leaves a model that is there as it is', async () => {
    await writeFile(join(folder, 'a.pt'), 'old');
    const publishing = publishUpload(join(folder, 'temporary'), join(folder, 'a.pt'), 'a', makeLink);
    await expect(publishing).rejects.toMatchObject({ code: 'MODEL_EXISTS' });
    expect(await readFile(join(folder, 'a.pt'), 'utf8')).toBe('old');
  });
});

it('passes other failures on', async () => {
  const failing = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  const publishing = publishUpload(join(folder, 'temporary'), join(folder, 'a.pt'), 'a', failing);
  await expect(publishing).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await readdir(folder)).toEqual(['temporary']);
});
