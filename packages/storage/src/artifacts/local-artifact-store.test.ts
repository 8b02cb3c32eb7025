import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '@caissa/shared/settings';
import { eventually } from '@caissa/testing/eventually';
import { begin, held, list, manifestDraft, publish } from '@caissa/testing/publish-artifact';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { artifactStoreContract } from './artifact-store.contract.js';
import type * as FolderClock from './folder-clock.js';
import { LocalArtifactStore } from './local-artifact-store.js';

/** How far the clock of the folder has gone on. */
const clock = vi.hoisted(() => ({ aheadMs: 0 }));

vi.mock('./folder-clock.js', async (importOriginal) => {
  const { readFolderClock } = await importOriginal<typeof FolderClock>();
  return { readFolderClock: async (folder: string) => (await readFolderClock(folder)) + clock.aheadMs };
});

const STEM = 'model_v1_export_20251007_031138';
const MANIFEST = `${STEM}.onnx.manifest.json`;
const nobodyWorks = async () => false;
let folder: string;

async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'caissa-store-'));
}

describe('the contract of every store', () => {
  artifactStoreContract(
    async () => {
      const root = await makeFolder();
      const store = await LocalArtifactStore.open(join(root, 'not', 'there', 'yet'));
      return { store, remove: () => rm(root, { recursive: true }) };
    },
    { outlivesRemoval: true },
  );
});

let store: LocalArtifactStore;

beforeEach(async () => {
  folder = await makeFolder();
  store = await LocalArtifactStore.open(folder);
});
afterEach(async () => {
  clock.aheadMs = 0;
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);

test('an attempt whose name another has got by now leaves it alone', async () => {
  const draft = await begin(store, 'job-1');
  await draft.write(randomBytes(10));
  const commit = draft.commit({ stem: STEM, format: 'onnx' }, () => {
    // Between the name and the token it was held up for hours.
    rmSync(at(`${STEM}.onnx`));
    writeFileSync(at(`${STEM}.onnx`), '');
    return manifestDraft('job-1');
  });
  await expect(commit).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  await draft.abort();
  expect(await readdir(folder)).toEqual([`${STEM}.onnx`]);
});

describe('what is not as it was exported', () => {
  test('a file of another size is called damaged, and leaves no file open', async () => {
    const { filename } = await publish(store, 'job-1', randomBytes(1_000));
    await truncate(at(filename), 999);
    const before = (await readdir('/proc/self/fd')).length;
    await expect(store.open(filename)).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED', status: 500 });
    expect((await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(before);
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a folder', (path) => mkdir(path)],
    ['a symlink', (path) => symlink('/etc/hostname', path)],
    ['a dangling symlink', (path) => symlink('/nowhere', path)],
    ['a pipe', async (path) => execFileSync('mkfifo', [path])],
    ['nothing', async () => undefined],
  ])('%s in place of the artifact is not there', async (_, put) => {
    const { filename } = await publish(store, 'job-1');
    await rm(at(filename));
    await put(at(filename));
    await expect(store.open(filename)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a folder', (path) => mkdir(path)],
    ['a symlink', (path) => symlink('/etc/hostname', path)],
    ['a pipe', async (path) => execFileSync('mkfifo', [path])],
    ['half a manifest', (path) => writeFile(path, '{"schema_version": 1,')],
    ['another kind of JSON', (path) => writeFile(path, '[1]')],
    ['deeply nested JSON', (path) => writeFile(path, `{"metadata":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`)],
  ])('%s in place of a manifest hides its own export only', async (_, put) => {
    const broken = await publish(store, 'job-1');
    const good = await publish(store, 'job-2');
    await rm(at(MANIFEST));
    await put(at(MANIFEST));
    expect(await store.readManifest(broken.filename)).toBeUndefined();
    expect(await list(store)).toEqual([good]);
  });

  test('a manifest that was copied to another name shows nothing', async () => {
    await publish(store, 'job-1');
    await writeFile(at('other.onnx'), 'x');
    await writeFile(at('other.onnx.manifest.json'), await readFile(at(MANIFEST)));
    expect(await store.readManifest('other.onnx')).toBeUndefined();
  });

  test('a manifest whose file was taken away shows nothing, and is swept', async () => {
    const { filename } = await publish(store, 'job-1');
    await rm(at(filename));
    expect(await store.readManifest(filename)).toBeUndefined();
    expect(await store.listFilenames()).toEqual([]);
    expect(await store.takeOver('job-1', { stem: STEM, format: 'onnx' }, held)).toBeUndefined();
    clock.aheadMs = 3_700_000;
    expect((await store.sweep(nobodyWorks)).sort()).toEqual([MANIFEST]);
  });
});

describe('left-overs', () => {
  test('without a manifest are swept when they are old enough for no commit to be under way', async () => {
    const left = [`${STEM}.onnx`, `${STEM}.onnx.data`, `${STEM}.json`, `${STEM}_2.pt`, '.tmp-0123456789abcdef'];
    for (const name of left) await writeFile(at(name), 'x');
    expect(await store.sweep(nobodyWorks)).toEqual([]);
    clock.aheadMs = 3_700_000;
    expect((await store.sweep(nobodyWorks)).sort()).toEqual([...left].sort());
    expect(await readdir(folder)).toEqual([]);
  });

  test('are not judged by the clock of this machine', async () => {
    await writeFile(at(`${STEM}.onnx`), 'x');
    vi.useFakeTimers({ now: Date.now() + 7_200_000, toFake: ['Date'] });
    expect(await store.sweep(nobodyWorks)).toEqual([]);
    vi.useRealTimers();
  });

  test('that an attempt has claimed are its job’s, however old they are', async () => {
    const draft = await begin(store, 'job-1', () => new Promise(() => {}));
    await draft.write(Buffer.from('x'));
    void draft.commit({ stem: STEM, format: 'onnx' }, () => manifestDraft('job-1'));
    await eventually('a token', async () => (await readdir(folder)).some((name) => name.endsWith('.manifest')));
    clock.aheadMs = 3_700_000;
    expect(await store.sweep(async () => true)).toEqual([]);
    expect((await store.sweep(nobodyWorks)).filter((name) => !name.startsWith('.'))).toEqual([`${STEM}.onnx`]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('of a removal that was interrupted are swept', async () => {
    const { filename } = await publish(store, 'job-1');
    await rename(at(MANIFEST), at('.draft-removal.0123456789ab.manifest'));
    expect(await store.sweep(nobodyWorks)).toContain(filename);
    expect(await readdir(folder)).toEqual([]);
  });

  test('of others are left alone, whatever their age and kind', async () => {
    const foreign = ['notes.txt', 'model.onnx', 'model_v1.pt', 'README.manifest.json', `x_${STEM}.onnx.bak`, '.hidden'];
    for (const name of foreign) await writeFile(at(name), 'x');
    await mkdir(at('folder_export_20251007_031138.onnx'));
    await mkdir(at('.draft-folder'));
    await mkdir(at('.tmp-folder'));
    await symlink('/etc/hostname', at(`link_${STEM}.onnx`));
    for (const name of foreign) await utimes(at(name), 0, 0);
    const before = (await readdir(folder)).sort();
    clock.aheadMs = 3_700_000;
    expect(await store.sweep(nobodyWorks)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(before);
  });

  test('stay when nobody can say whether their job is worked on', async () => {
    const draft = await begin(store, 'job-1');
    await draft.write(Buffer.from('x'));
    await expect(store.sweep(() => Promise.reject(new Error('away')))).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(draft.commit({ stem: STEM, format: 'onnx' }, () => manifestDraft('job-1'))).resolves.toBeDefined();
  });
});

test('what cannot be used says so', async () => {
  await rm(folder, { recursive: true });
  await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
  await expect(begin(store, 'job-1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(publish(store, 'job-1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await writeFile(folder, '');
  await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(LocalArtifactStore.open(folder)).rejects.toThrow(ConfigurationError);
});
