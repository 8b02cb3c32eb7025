import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findModelFile, modelPath } from './model-file.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-models-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a checkpoint in the model folder', () => {
  test('is described, with an identity that changes when it does', async () => {
    await writeFile(join(folder, 'a.pt'), '12345');
    const first = await findModelFile(folder, 'a');
    expect(first).toMatchObject({ name: 'a', path: join(folder, 'a.pt'), sizeBytes: 5, isRegular: true });
    expect((await findModelFile(folder, 'a')).identity).toBe(first.identity);
    await writeFile(join(folder, 'new.pt'), '12345');
    await rename(join(folder, 'new.pt'), join(folder, 'a.pt'));
    expect((await findModelFile(folder, 'a')).identity).not.toBe(first.identity);
  });

  test('that is no regular file is told', async () => {
    await mkdir(join(folder, 'folder.pt'));
    execFileSync('mkfifo', [join(folder, 'pipe.pt')]);
    expect((await findModelFile(folder, 'folder')).isRegular).toBe(false);
    expect((await findModelFile(folder, 'pipe')).isRegular).toBe(false);
  });

  test('that is not there, or leads nowhere, is not found', async () => {
    await symlink(join(folder, 'loop.pt'), join(folder, 'loop.pt'));
    await symlink('/nowhere', join(folder, 'dangling.pt'));
    for (const name of ['missing', 'loop', 'dangling', 'a.pt', 'x'.repeat(128)]) {
      await expect(findModelFile(folder, name)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', status: 404 });
    }
  });

  test('is never looked for outside the folder', async () => {
    for (const name of ['../a', '..', '/etc/passwd', 'a/b', 'a\0', '.a', '']) {
      expect(() => modelPath(folder, name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
      await expect(findModelFile(folder, name)).rejects.toMatchObject({ code: 'INVALID_NAME' });
    }
  });
});
