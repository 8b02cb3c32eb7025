import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CatalogueEntry } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import { LocalModelStore } from '@caissa/storage';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SourceDigests } from './source-digests.js';

let folder: string;
let path: string;
let store: LocalModelStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-digests-'));
  path = join(folder, 'model.pt');
  store = await LocalModelStore.open(folder);
  await writeFile(path, 'one');
});
afterEach(() => rm(folder, { recursive: true }));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A catalogue that knows no file, or cannot be reached. */
const asked = vi.fn(async (name: string): Promise<CatalogueEntry | undefined> => {
  if (name === 'away') throw new AppError('REDIS_UNAVAILABLE', 'away');
  return undefined;
});

/** The digest, and whether the file was read for it. */
async function digestOf(digests: SourceDigests, name = 'model'): Promise<[string, boolean]> {
  let wasRead = false;
  const source = await store.open('model');
  const watched = {
    ...source,
    readInto: (target: Uint8Array, offset: number) => {
      wasRead = true;
      return source.readInto(target, offset);
    },
  };
  const digest = await digests.of(name, watched, new AbortController().signal).finally(() => source.close());
  return [digest, wasRead];
}

it('a file is read once as long as it is the very same, also without the catalogue', async () => {
  const digests = new SourceDigests({ get: asked });
  for (const name of ['model', 'away']) {
    await writeFile(path, 'one');
    expect(await digestOf(digests, name)).toEqual([sha256('one'), true]);
    expect(await digestOf(digests, name)).toEqual([sha256('one'), false]);
    await writeFile(path, 'two');
    expect(await digestOf(digests, name)).toEqual([sha256('two'), true]);
  }
});

it('not every file that ever was is remembered', async () => {
  const digests = new SourceDigests({ get: asked });
  for (let n = 0; n <= 100; n++) await digestOf(digests, `model_${n}`);
  expect(await digestOf(digests, 'model_100')).toEqual([sha256('one'), false]);
  expect(await digestOf(digests, 'model_0')).toEqual([sha256('one'), true]);
});
