import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NamedDraft, publishFiles, replaceFiles } from './publish-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-publish-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const PARTS = ['m.onnx', 'm.onnx.data', 'm.json'];

/** A draft that is named by writing it, after a look at what is there. */
function draft(name: string, look: () => void = () => undefined): NamedDraft {
  const publish = async (path: string, { replace }: { replace: boolean }) => {
    look();
    await writeFile(path, 'new', { flag: replace ? 'w' : 'wx' });
  };
  return { draft: { publish }, path: at(name) };
}

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(at(name), 'utf8')])));
}

describe('files of one artifact', () => {
  const OLD = { 'm.json': 'old', 'm.onnx': 'old', 'm.onnx.data': 'old' };
  const writeOld = () => Promise.all(PARTS.map((name) => writeFile(at(name), 'old')));
  const paths = () => PARTS.map(at);

  it('are named all or none', async () => {
    await writeFile(at('m.onnx'), 'old');
    const files = [draft('m.json'), draft('m.onnx.data'), draft('m.onnx')];
    await expect(publishFiles(files)).rejects.toMatchObject({ failure: { code: 'EEXIST' } });
    expect(await contents()).toEqual({ 'm.onnx': 'old' });
  });

  it('take the place of others when no model stands there that these would belong to', async () => {
    await writeOld();
    const models: boolean[] = [];
    const look = () => void models.push(existsSync(at('m.onnx')));
    await replaceFiles([draft('m.json', look), draft('m.onnx.data', look), draft('m.onnx', look)], paths());
    expect(models).toEqual([false, false, false]);
    expect(await contents()).toEqual({ 'm.json': 'new', 'm.onnx': 'new', 'm.onnx.data': 'new' });
  });

  it('leave no data of a model that had some where the new one has none', async () => {
    await writeOld();
    await replaceFiles([draft('m.json'), draft('m.onnx')], paths());
    expect(await contents()).toEqual({ 'm.json': 'new', 'm.onnx': 'new' });
  });

  it('leave what was there when they cannot be named', async () => {
    await writeOld();
    const failing = draft('m.onnx', () => {
      throw new Error('the disk is gone');
    });
    await expect(replaceFiles([draft('m.json'), draft('m.onnx.data'), failing], paths())).rejects.toThrow('gone');
    expect(await contents()).toEqual(OLD);
  });

  it('do not take the place of a folder', async () => {
    await writeOld();
    await rm(at('m.json'));
    await mkdir(at('m.json'));
    const replacing = replaceFiles([draft('m.json'), draft('m.onnx')], paths());
    await expect(replacing).rejects.toMatchObject({ failure: { code: 'EISDIR' } });
    expect((await readdir(folder)).sort()).toEqual(['m.json', 'm.onnx', 'm.onnx.data']);
  });

  it('replace at once where there is one only', async () => {
    await writeFile(at('m.pt'), 'old');
    const look = () => expect(existsSync(at('m.pt'))).toBe(true);
    await replaceFiles([draft('m.pt', look)], [at('m.pt')]);
    expect(await contents()).toEqual({ 'm.pt': 'new' });
  });
});
