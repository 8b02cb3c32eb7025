import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestSource, FormatError } from '@caissa/bytes';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseIfChanged, withFile } from './with-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-file-'));
  path = join(folder, 'file');
  await writeFile(path, 'abc');
});
afterEach(() => rm(folder, { recursive: true }));

describe('withFile', () => {
  it('answers what the work answers', async () => {
    expect(await withFile(path, async (source) => source.sizeBytes)).toBe(3);
  });

  it('passes on what the work throws', async () => {
    const error = new FormatError('ZIP_CRC', 'Damaged.');
    await expect(withFile(path, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('says nothing of a file that was written to meanwhile', async () => {
    const work = async () => {
      await appendFile(path, 'd');
      throw new FormatError('ZIP_CRC', 'Damaged.');
    };
    await expect(withFile(path, work)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await expect(
      withFile(path, async (source) => {
        await writeFile(path, 'xyz!');
        await refuseIfChanged(source);
      }),
    ).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('reads on in the file it opened when another takes its name', async () => {
    const digest = await withFile(path, async (source) => {
      await writeFile(join(folder, 'other'), 'xyz');
      await rename(join(folder, 'other'), path);
      await refuseIfChanged(source);
      return digestSource(source);
    });
    // echo -n abc | sha256sum
    expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
