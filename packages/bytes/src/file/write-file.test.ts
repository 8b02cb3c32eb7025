import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileDurably, writeFileWhole } from './write-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-write-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeFileWhole', () => {
  it('writes pieces in the order of the calls, though they overlap in time', async () => {
    const path = join(folder, 'file');
    const result = await writeFileWhole(path, async (sink) => {
      await Promise.all([
        sink.write(Buffer.from('one ')),
        sink.write(Buffer.from('two ')),
        sink.write(Buffer.from('three')),
      ]);
      return 3;
    });
    expect(result).toBe(3);
    expect(await readFile(path, 'utf8')).toBe('one two three');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('leaves the old file and nothing else when writing fails', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    const failing = writeFileWhole(path, async (sink) => {
      await sink.write(Buffer.from('new'));
      throw new Error('no more');
    });
    await expect(failing).rejects.toThrow('no more');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['file']);
  });
});

describe('writeFileDurably', () => {
  it('gives the file its name when what comes before it is done', async () => {
    const path = join(folder, 'file');
    let finish = (): void => undefined;
    const before = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const written = writeFileDurably(path, 'text', before);
    await expect.poll(async () => (await readdir(folder)).length).toBe(1);
    expect(await readdir(folder)).not.toContain('file');
    finish();
    await written;
    expect(await readFile(path, 'utf8')).toBe('text');
  });

  it('leaves the old file and nothing else when what comes before it fails', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    const before = Promise.reject(new Error('not yet'));
    // It rejects before it is awaited.
    before.catch(() => undefined);
    await expect(writeFileDurably(path, 'new', before)).rejects.toThrow('not yet');
    expect(await readdir(folder)).toEqual(['file']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});
