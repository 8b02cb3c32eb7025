import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileSource, withFile } from '@caissa/conversion';
import { AppError, type CatalogueEntry } from '@caissa/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SourceDigests } from './source-digests.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-digests-'));
  path = join(folder, 'model.pt');
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
  const digest = await withFile(path, (source) => {
    const watched = new Proxy(source, {
      get: (target, key) => {
        if (key === 'readInto') wasRead = true;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as FileSource;
    return digests.of(name, watched, new AbortController().signal);
  });
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
