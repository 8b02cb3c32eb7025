import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nameFile, syncFolder } from './name-file.js';
import { writeFileDurably } from './write-file.js';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, open: vi.fn(real.open) };
});

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'caissa-names-'));
  vi.mocked(fs.open).mockClear();
});
afterEach(() => fs.rm(folder, { recursive: true }));

const folderSyncs = () => vi.mocked(fs.open).mock.calls.filter(([path]) => path === folder).length;

it('syncs a folder for all who ask while it is being synced, once they have asked', async () => {
  const first = syncFolder(folder);
  await Promise.resolve();
  expect(folderSyncs()).toBe(1);
  const later = Array.from({ length: 10 }, () => syncFolder(folder));
  await first;
  await Promise.all(later);
  expect(folderSyncs()).toBe(2);
  await syncFolder(folder);
  expect(folderSyncs()).toBe(3);
});

it('tells all who share it of a failure, and tries again for the next', async () => {
  const gone = join(folder, 'gone');
  const outcomes = await Promise.allSettled([syncFolder(gone), syncFolder(gone)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await fs.mkdir(gone);
  await syncFolder(gone);
});

it('writes many files of one folder at once', async () => {
  const names = Array.from({ length: 20 }, (_, at) => `${at}.json`);
  await Promise.all(names.map((name) => writeFileDurably(join(folder, name), name)));
  expect((await fs.readdir(folder)).sort()).toEqual([...names].sort());
  expect(folderSyncs()).toBeLessThan(names.length);
  expect(await fs.readFile(join(folder, '7.json'), 'utf8')).toBe('7.json');
});

const noLinks = () => Promise.reject(Object.assign(new Error('no links here'), { code: 'EPERM' }));

describe.each([
  ['with links', {}],
  ['without links', { makeLink: noLinks }],
])('a file that is named %s', (_how, how) => {
  const name = (replace: boolean) => nameFile(join(folder, 'temporary'), join(folder, 'a.pt'), { replace, ...how });

  beforeEach(() => fs.writeFile(join(folder, 'temporary'), 'new'));

  it('moves to its name', async () => {
    await name(false);
    expect(await fs.readdir(folder)).toEqual(['a.pt']);
    expect(await fs.readFile(join(folder, 'a.pt'), 'utf8')).toBe('new');
    expect(folderSyncs()).toBe(1);
  });

  it('leaves a file that is there as it is, unless it may replace it', async () => {
    await fs.writeFile(join(folder, 'a.pt'), 'old');
    await expect(name(false)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await fs.readFile(join(folder, 'a.pt'), 'utf8')).toBe('old');
    await name(true);
    expect(await fs.readFile(join(folder, 'a.pt'), 'utf8')).toBe('new');
  });

  it('leaves no name behind if it is gone', async () => {
    await fs.rm(join(folder, 'temporary'));
    await expect(name(false)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await fs.readdir(folder)).toEqual([]);
  });
});

it('passes other failures of a link on', async () => {
  await fs.writeFile(join(folder, 'temporary'), 'new');
  const makeLink = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  const naming = nameFile(join(folder, 'temporary'), join(folder, 'a.pt'), { replace: false, makeLink });
  await expect(naming).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await fs.readdir(folder)).toEqual(['temporary']);
});
