import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startModelBucket } from '@caissa/testing/model-bucket';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identifyFolder, identifyStore } from './store-identity.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-identity-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('is the same for all processes that begin at once, and leaves one file', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => identifyFolder(folder)));
  expect(new Set(all.map((one) => one?.id)).size).toBe(1);
  expect(all[0]).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), place: folder });
  expect(await readdir(folder)).toEqual(['.caissa-store']);
});

it('moves with the files, and is another one where they were removed', async () => {
  const before = await identifyFolder(folder);
  await rename(folder, `${folder}-moved`);
  expect(await identifyFolder(`${folder}-moved`)).toEqual({ id: before?.id, place: `${folder}-moved` });
  await rm(`${folder}-moved`, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'caissa-identity-'));
  expect((await identifyFolder(folder))?.id).not.toBe(before?.id);
});

it('is unknown where nothing can be written', async () => {
  // Nobody, root included, may write there.
  expect(await identifyFolder('/sys')).toBeUndefined();
});

it('of a bucket is an object in it', async () => {
  const { objects, server, settings, stop } = await startModelBucket();
  const [one, other] = await Promise.all([identifyStore(settings, folder), identifyStore(settings, folder)]);
  expect(one).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), place: objects.addressOf('models/') });
  expect(other).toEqual(one);
  // As with rights to read alone, and with a store that overwrites what it is told to keep.
  server.decide = ({ method }) => (method === 'GET' ? 'answer' : 'cut');
  expect(await identifyStore(settings, folder)).toEqual(one);
  await stop();
});
