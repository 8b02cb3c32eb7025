import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { syncFolder, writeFileDurably } from './durable-file.js';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, open: vi.fn(real.open) };
});

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'caissa-durable-'));
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
