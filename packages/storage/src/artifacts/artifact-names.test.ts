import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { begin, manifestDraft } from '@caissa/testing/publish-artifact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ArtifactName } from './artifact-store.js';
import { LocalArtifactStore } from './local-artifact-store.js';

const looks = vi.hoisted(() => ({ opened: 0, listed: 0 }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const open = (...args: Parameters<typeof real.open>) => {
    looks.opened++;
    return real.open(...args);
  };
  const readdir = (path: string) => {
    looks.listed++;
    return real.readdir(path);
  };
  return { ...real, open, readdir };
});

const NAME: ArtifactName = { stem: 'model_v1_export_20251007_031138', format: 'onnx' };
let folder: string;
let store: LocalArtifactStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-names-'));
  store = await LocalArtifactStore.open(folder);
});
afterEach(() => rm(folder, { recursive: true }));

async function publish(into: LocalArtifactStore, job: string): Promise<string> {
  const draft = await begin(into, job);
  await draft.write(Buffer.from(job));
  return (await draft.commit(NAME, () => manifestDraft(job))).filename;
}

async function publishMany(prefix: string, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let at = 0; at < count; at++) names.push(await publish(store, `${prefix}-${at}`));
  return names;
}

test('the fiftieth export of one second costs no more looks at the disk than the second', async () => {
  await publish(store, 'first');
  looks.opened = 0;
  looks.listed = 0;
  await publish(store, 'second');
  const { opened } = looks;
  await publishMany('more', 47);
  looks.opened = 0;
  expect(await publish(store, 'last')).toBe(`${NAME.stem}_50.onnx`);
  expect(looks).toEqual({ opened, listed: 0 });
});

test('names that another process has taken are passed over, and no name is left out', async () => {
  const other = await LocalArtifactStore.open(folder);
  const names = await publishMany('ours', 3);
  for (const job of ['theirs-1', 'theirs-2']) names.push(await publish(other, job));
  names.push(await publish(store, 'ours again'));
  expect(new Set(names).size).toBe(6);
  expect(names.at(-1)).toBe(`${NAME.stem}_6.onnx`);
  expect((await readdir(folder)).filter((name) => name.endsWith('.onnx'))).toHaveLength(6);
});

test.each(['', '_2', '_3'])('a name that was given back is taken again: %j', async (number) => {
  await publishMany('job', 3);
  await store.remove(`${NAME.stem}${number}.onnx`);
  expect(await publish(store, 'next')).toBe(`${NAME.stem}${number}.onnx`);
});

test('only so many names are remembered, and a forgotten one is found by looking', async () => {
  const first = await publish(store, 'first');
  for (let at = 0; at < 150; at++) {
    const draft = await begin(store, `other-${at}`);
    await draft.commit({ ...NAME, stem: `other_${at}` }, () => manifestDraft(`other-${at}`));
  }
  expect(await publish(store, 'second')).not.toBe(first);
});
