import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list, publish, publishWithData, readAll, STEM } from '@caissa/testing/publish-artifact';
import { S3Server } from '@caissa/testing/s3-server';
import { keysOf, makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { ObjectStore } from '../object-store/object-store.js';
import { LocalArtifactStore } from './local-artifact-store.js';
import { S3ArtifactStore } from './s3-artifact-store.js';
import { manifestKey } from './s3-layout.js';

const running = inject('s3Endpoint');
const nobodyWorks = async () => false;
let server: S3Server | undefined;
let objects: ObjectStore;
let folder: string;
let store: S3ArtifactStore;

beforeAll(async () => {
  if (running === '') server = await S3Server.start();
});
afterAll(() => server?.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-s3-upkeep-'));
  objects = await makeBucket(server?.endpoint ?? running);
  store = new S3ArtifactStore({ objects, spoolFolder: join(folder, 'drafts'), presignedDownloads: true });
});
afterEach(async () => {
  objects.close();
  await rm(folder, { recursive: true });
});

/** Removes the note that an artifact was published, as if its worker had died before it wrote it. */
async function forgetPublication(): Promise<void> {
  const notes = (await keysOf(objects)).filter((key) => key.endsWith('/published'));
  expect(notes).not.toEqual([]);
  await objects.remove(notes);
}

describe('sweeping', () => {
  test('removes objects that no manifest means, when their job is over', async () => {
    const gone = await publish(store, 'job-1');
    const kept = await publish(store, 'job-2');
    await forgetPublication();
    await objects.remove([manifestKey(gone.filename)]);
    expect(await store.sweep(async (jobId) => jobId === 'job-1')).toEqual([]);
    const removed = await store.sweep(nobodyWorks);
    expect(removed.map((key) => key.replace(/\.[0-9a-f]+\//, '/')).sort()).toEqual([
      'exports/objects/job-1/artifact',
      'exports/objects/job-1/metadata',
    ]);
    expect(await readAll(store, kept.filename)).toHaveLength(100);
  });

  test('notes what was published and not noted, and asks of it once', async () => {
    const manifest = await publish(store, 'job-1');
    await forgetPublication();
    const asked: string[] = [];
    const ask = async (jobId: string) => {
      asked.push(jobId);
      return false;
    };
    expect(await store.sweep(ask)).toEqual([]);
    expect(await store.sweep(ask)).toEqual([]);
    expect(asked).toEqual(['job-1']);
    expect(await list(store)).toEqual([manifest]);
  });

  test('finishes a removal that was interrupted', async () => {
    const { filename } = await publish(store, 'job-1');
    const notes = (await keysOf(objects)).filter((key) => key.endsWith('/published'));
    await objects.remove([...notes, manifestKey(filename)]);
    expect(await store.sweep(nobodyWorks)).toHaveLength(2);
    expect((await keysOf(objects)).filter((key) => key.startsWith('exports/objects/'))).toEqual([]);
  });

  test('leaves alone what is not ours', async () => {
    await objects.put('models/x.pt', 'x');
    await objects.put('exports/notes.txt', 'x');
    expect(await store.sweep(nobodyWorks)).toEqual([]);
    expect(await keysOf(objects)).toEqual(['exports/notes.txt', 'models/x.pt']);
  });
});

test('what a folder of exports holds can be copied to the store and used there', async () => {
  const exportsFolder = join(folder, 'exports');
  const local = await LocalArtifactStore.open(exportsFolder);
  const manifests = [await publish(local, 'job-1'), await publishWithData(local, 'job-2', randomBytes(1_000))];
  for (const name of await readdir(exportsFolder)) {
    await objects.put(`exports/${name}`, await readFile(join(exportsFolder, name)));
  }
  expect(await list(store)).toEqual(await list(local));
  for (const { filename, data_file } of manifests) {
    for (const name of [filename, data_file?.filename ?? filename]) {
      expect(Buffer.compare(await readAll(store, name), await readAll(local, name))).toBe(0);
    }
  }
  expect((await publish(store, 'job-3')).filename).toBe(`${STEM}_3.onnx`);
  for (const { filename } of manifests) await store.remove(filename);
  expect((await list(store)).map(({ job_id }) => job_id)).toEqual(['job-3']);
  expect(await keysOf(objects)).not.toContainEqual(expect.stringContaining('job-2'));
});

test('more exports than one answer of the store can hold are listed', async () => {
  const { filename, ...manifest } = await publish(store, 'job-1');
  const names = Array.from({ length: 1_100 }, (_, n) => `m_export_20251007_031138_${String(n + 1_000)}.onnx`);
  for (let from = 0; from < names.length; from += 50) {
    const some = names.slice(from, from + 50);
    await Promise.all(
      some.map((name) => objects.put(manifestKey(name), JSON.stringify({ ...manifest, filename: name }))),
    );
  }
  expect((await store.listFilenames()).sort()).toEqual([...names, filename].sort());
});

describe('what is not as it was exported', () => {
  const keyOfArtifact = async () => (await keysOf(objects)).find((key) => key.endsWith('/artifact')) ?? '';

  test('an object of another size is called damaged', async () => {
    const { filename } = await publish(store, 'job-1');
    await objects.put(await keyOfArtifact(), 'x');
    await expect(store.open(filename)).rejects.toMatchObject({ code: 'ARTIFACT_DAMAGED', status: 500 });
  });

  test('one that was replaced while it was open is not mixed with it', async () => {
    const { filename } = await publish(store, 'job-1', randomBytes(1_000));
    const file = await store.open(filename);
    await objects.put(await keyOfArtifact(), randomBytes(1_000));
    await expect(file.read().toArray()).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
  });

  test.each(['{"schema_version": 1,', '[1]', `{"metadata":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`])(
    'half a manifest hides its own export only: %.30s',
    async (text) => {
      const broken = await publish(store, 'job-1');
      const good = await publish(store, 'job-2');
      await objects.put(manifestKey(broken.filename), text);
      expect(await store.readManifest(broken.filename)).toBeUndefined();
      expect(await list(store)).toEqual([good]);
    },
  );

  test('a manifest that points out of its place means nothing', async () => {
    const manifest = await publish(store, 'job-1');
    const text = JSON.stringify({ ...manifest, attempt: '../../secret' });
    await objects.put(manifestKey(manifest.filename), text);
    expect(await store.readManifest(manifest.filename)).toBeUndefined();
  });
});

test('a download can be left to the store, under the name of the export', async () => {
  const bytes = randomBytes(1_000);
  const { filename } = await publish(store, 'job-1', bytes);
  const file = await store.open(filename);
  const address = new URL((await file.presign?.()) ?? '');
  expect(address.searchParams.get('response-content-disposition')).toBe(`attachment; filename="${filename}"`);
  expect(address.searchParams.get('X-Amz-Expires')).toBe('300');
  expect(address.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  const response = await fetch(address, { headers: { range: 'bytes=10-19' } });
  expect(response.status).toBe(206);
  expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes.subarray(10, 20))).toBe(0);
});
