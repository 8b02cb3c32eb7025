import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listCheckpoints, lookAt } from './local-files.js';

// The system's own, but where a test lets it fail.
vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>();
  return { ...original, stat: vi.fn(original.stat) };
});

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-models-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a checkpoint in the model folder', () => {
  test('is described, with an identity that changes when it does', async () => {
    await writeFile(join(folder, 'a.pt'), '12345');
    const first = await lookAt(folder, 'a.pt');
    expect(first).toMatchObject({ filename: 'a.pt', sizeBytes: 5, isRegular: true });
    expect((await lookAt(folder, 'a.pt'))?.identity).toBe(first?.identity);
    await writeFile(join(folder, 'new.pt'), '12345');
    await rename(join(folder, 'new.pt'), join(folder, 'a.pt'));
    expect((await lookAt(folder, 'a.pt'))?.identity).not.toBe(first?.identity);
  });

  test('that is no regular file is told', async () => {
    await mkdir(join(folder, 'folder.ckpt'));
    execFileSync('mkfifo', [join(folder, 'pipe.pt')]);
    expect((await lookAt(folder, 'folder.ckpt'))?.isRegular).toBe(false);
    expect((await lookAt(folder, 'pipe.pt'))?.isRegular).toBe(false);
  });

  test('that is not there, or leads nowhere, is not found', async () => {
    await symlink(join(folder, 'loop.pt'), join(folder, 'loop.pt'));
    await symlink('/nowhere', join(folder, 'dangling.pt'));
    for (const filename of ['missing.pt', 'loop.pt', 'dangling.pt']) {
      expect(await lookAt(folder, filename)).toBeUndefined();
    }
  });
});

describe('what cannot be listed', () => {
  test('hides nothing else, and has a reason', async () => {
    await writeFile(join(folder, 'a.pt'), '1');
    await symlink(join(folder, 'a.pt'), join(folder, 'link.pth'));
    await symlink('/nowhere', join(folder, 'dangling.pt'));
    // Two names, which are one when they are decoded.
    for (const byte of [0xe9, 0xff]) {
      await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([byte]), Buffer.from('.pt')]), '1');
    }
    await writeFile(join(folder, 'notes.txt'), '1');
    const { files, leftOut } = await listCheckpoints(folder);
    expect(files.map(({ filename }) => filename).sort()).toEqual(['a.pt', 'link.pth']);
    expect(leftOut.toSorted((one, other) => (one.filename < other.filename ? -1 : 1))).toEqual([
      { filename: 'caf\uFFFD.pt', reason: 'Its name is not UTF-8 text. Rename it.' },
      { filename: 'dangling.pt', reason: 'It is a link to a file that is not there.' },
    ]);
  });

  test.each([
    ['EACCES', 'The system does not let this service look at it (EACCES). Check the permissions of the file.'],
    ['EIO', 'The system cannot look at it (EIO). Check the disk or the network file system that it lies on.'],
  ])('has a reason that fits what the system says: %s', async (code, reason) => {
    await writeFile(join(folder, 'a.pt'), '1');
    vi.mocked(stat).mockImplementationOnce((...given: unknown[]) => {
      const done = given.at(-1) as (error: Error) => void;
      done(Object.assign(new Error(code), { code }));
    });
    expect(await listCheckpoints(folder)).toEqual({ files: [], leftOut: [{ filename: 'a.pt', reason }] });
  });

  test('is nothing in a folder that is gone', async () => {
    expect(await listCheckpoints(join(folder, 'gone'))).toEqual({ files: [], leftOut: [] });
  });
});
