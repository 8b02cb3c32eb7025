import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { manifestDraft, ONNX, publish, readAll, STEM } from '../testing/publish-artifact.js';
import { artifactDataContract } from './artifact-data.contract.js';
import type { ArtifactStore } from './artifact-store.js';
import type { Manifest } from './manifest.js';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

async function list(store: ArtifactStore): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for await (const manifest of store.listManifests()) found.push(manifest);
  return found.sort((left, right) => (left.filename < right.filename ? -1 : 1));
}

/** What every artifact store does. Run it against each adapter; `makeStore` opens an empty store. */
export function artifactStoreContract(
  makeStore: () => Promise<{ store: ArtifactStore; remove(): Promise<void> }>,
): void {
  let store: ArtifactStore;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ store, remove } = await makeStore());
  });
  afterEach(() => remove());

  describe('an artifact', () => {
    test('is published whole: bytes, size, digest, manifest and metadata file', async () => {
      const bytes = randomBytes(3_000_001);
      const draft = await store.begin('job-1');
      await draft.write(bytes.subarray(0, 1_000_000));
      await draft.write(new Uint8Array(0));
      await draft.write(bytes.subarray(1_000_000));
      expect(draft.sizeBytes).toBe(bytes.length);
      const manifest = await draft.commit(ONNX, () => manifestDraft('job-1'), true);
      const metadata = `${JSON.stringify(manifest.metadata, undefined, 2)}\n`;
      expect(manifest).toEqual({
        schema_version: 1,
        ...manifestDraft('job-1'),
        filename: `${STEM}.onnx`,
        size_bytes: bytes.length,
        sha256: sha256(bytes),
        metadata_file: { filename: `${STEM}.json`, size_bytes: metadata.length, sha256: sha256(metadata) },
      });
      expect(await store.readManifest(manifest.filename)).toEqual(manifest);
      expect(await list(store)).toEqual([manifest]);
      expect(sha256(await readAll(store, manifest.filename))).toBe(manifest.sha256);
      expect((await readAll(store, `${STEM}.json`)).toString()).toBe(metadata);
    });

    test('is invisible until it is committed, and gone after abort', async () => {
      const draft = await store.begin('job-1');
      await draft.write(randomBytes(10));
      expect(await list(store)).toEqual([]);
      await expect(store.open(`${STEM}.onnx`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
      expect(await store.findByJob('job-1', ONNX)).toBeUndefined();
      await draft.abort();
      await draft.abort();
      expect(await list(store)).toEqual([]);
      await expect(draft.commit(ONNX, () => manifestDraft('job-1'), true)).rejects.toThrow();
      expect(await list(store)).toEqual([]);
    });

    test('without a metadata file has none', async () => {
      const manifest = await publish(store, 'job-1', randomBytes(10), {
        name: { stem: STEM, extension: 'pt' },
        metadataFile: false,
      });
      expect(manifest).not.toHaveProperty('metadata_file');
      await expect(store.open(`${STEM}.json`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    });

    test('may be empty', async () => {
      const manifest = await publish(store, 'job-1', new Uint8Array(0));
      expect(manifest).toMatchObject({ size_bytes: 0, sha256: sha256('') });
      expect(await readAll(store, manifest.filename)).toHaveLength(0);
    });

    test('may be said to be complete before it is committed, or given up', async () => {
      const draft = await store.begin('job-1');
      await draft.write(Buffer.from('abc'));
      draft.complete();
      draft.complete();
      const { filename } = await draft.commit(ONNX, () => manifestDraft('job-1'), true);
      expect(String(await readAll(store, filename))).toBe('abc');
      const other = await store.begin('job-2');
      await other.write(Buffer.from('abc'));
      other.complete();
      await other.abort();
      await expect(other.commit(ONNX, () => manifestDraft('job-2'), true)).rejects.toThrow();
    });

    test('stays after abort, once it is committed', async () => {
      const draft = await store.begin('job-1');
      await draft.write(randomBytes(10));
      const manifest = await draft.commit(ONNX, () => manifestDraft('job-1'), true);
      await draft.abort();
      expect(await readAll(store, manifest.filename)).toHaveLength(10);
    });
  });

  describe('names', () => {
    test('that are taken get a number; formats of one second do not disturb each other', async () => {
      const first = await publish(store, 'job-1', Buffer.from('first'));
      const second = await publish(store, 'job-2', Buffer.from('second'));
      const third = await publish(store, 'job-3', Buffer.from('third'));
      const pt = await publish(store, 'job-4', Buffer.from('pt'), {
        name: { stem: STEM, extension: 'pt' },
        metadataFile: false,
      });
      expect([first, second, third, pt].map((one) => one.filename)).toEqual([
        `${STEM}.onnx`,
        `${STEM}_2.onnx`,
        `${STEM}_3.onnx`,
        `${STEM}.pt`,
      ]);
      expect(second.metadata_file?.filename).toBe(`${STEM}_2.json`);
      expect((await readAll(store, `${STEM}.onnx`)).toString()).toBe('first');
      expect((await readAll(store, `${STEM}_2.onnx`)).toString()).toBe('second');
    });

    test('of twenty commits at once differ, and each file is its own', async () => {
      const contents = Array.from({ length: 20 }, (_, n) => Buffer.from(`content ${n}`));
      const drafts = await Promise.all(contents.map((_, n) => store.begin(`job-${n}`)));
      await Promise.all(drafts.map((draft, n) => draft.write(contents[n] ?? Buffer.alloc(0))));
      const manifests = await Promise.all(
        drafts.map((draft, n) => draft.commit(ONNX, () => manifestDraft(`job-${n}`), true)),
      );
      expect(new Set(manifests.map((one) => one.filename)).size).toBe(20);
      expect(new Set(manifests.map((one) => one.metadata_file?.filename)).size).toBe(20);
      for (const [n, manifest] of manifests.entries()) {
        expect((await readAll(store, manifest.filename)).toString()).toBe(`content ${n}`);
        expect(await store.findByJob(`job-${n}`, ONNX)).toEqual(manifest);
      }
    });

    test.each(['../secret', '..', '.', '', '/etc/passwd', 'a/b', 'a\0b', '.hidden', 'x'.repeat(5_000), '%2e%2e'])(
      'that are not ours lead nowhere: %j',
      async (name) => {
        expect(await store.readManifest(name)).toBeUndefined();
        for (const suffix of ['', '.json', '.onnx']) {
          await expect(store.open(`${name}${suffix}`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
        }
        await expect(store.remove(name)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
      },
    );
  });

  describe('a job that is worked on again', () => {
    test('finds what it has published, under a number too, and nothing of others', async () => {
      await publish(store, 'job-1');
      const second = await publish(store, 'job-2');
      expect(await store.findByJob('job-2', ONNX)).toEqual(second);
      expect(await store.findByJob('job-3', ONNX)).toBeUndefined();
      await store.remove(`${STEM}.onnx`);
      expect(await store.findByJob('job-2', ONNX)).toEqual(second);
    });

    test('begins anew; the worker that lost it cannot publish what it wrote, nor what the other writes', async () => {
      const lost = await store.begin('job-1');
      await lost.write(Buffer.from('lost'));
      const current = await store.begin('job-1');
      await current.write(Buffer.from('curr'));
      await expect(lost.commit(ONNX, () => manifestDraft('job-1'), true)).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      await lost.abort();
      expect(await list(store)).toEqual([]);
      await current.write(Buffer.from('ent'));
      const manifest = await current.commit(ONNX, () => manifestDraft('job-1'), true);
      expect((await readAll(store, manifest.filename)).toString()).toBe('current');
    });
  });

  artifactDataContract(() => store);

  describe('reading', () => {
    test('gives any range, both ends included', async () => {
      const bytes = randomBytes(2_500_000);
      const { filename } = await publish(store, 'job-1', bytes);
      const last = bytes.length - 1;
      for (const [start, end] of [
        [0, 0],
        [0, last],
        [last, last],
        [1_048_575, 1_048_577],
        [7, 2_000_000],
      ] as const) {
        expect(Buffer.compare(await readAll(store, filename, { start, end }), bytes.subarray(start, end + 1))).toBe(0);
      }
    });

    test('goes on while the artifact is removed', async () => {
      const bytes = randomBytes(5_000_000);
      const { filename } = await publish(store, 'job-1', bytes);
      const file = await store.open(filename);
      const stream = file.read();
      const chunks: Buffer[] = [];
      for await (const chunk of stream) {
        if (chunks.length === 0) await store.remove(filename);
        chunks.push(chunk);
      }
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(bytes));
      await expect(store.open(filename)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    });

    test('may be left without reading, or in the middle, and closed twice', async () => {
      const { filename } = await publish(store, 'job-1', randomBytes(5_000_000));
      const unread = await store.open(filename);
      await unread.close();
      await unread.close();
      const half = await store.open(filename);
      const stream = half.read();
      for await (const _ of stream) break;
      await half.close();
      expect(stream.destroyed).toBe(true);
    });

    test('twenty readers at once get the whole file each', async () => {
      const bytes = randomBytes(300_000);
      const { filename } = await publish(store, 'job-1', bytes);
      const read = await Promise.all(Array.from({ length: 20 }, () => readAll(store, filename)));
      expect(new Set(read.map(sha256))).toEqual(new Set([sha256(bytes)]));
    });
  });

  describe('removing', () => {
    test('takes the metadata file along, says what and how much, and frees the name', async () => {
      const manifest = await publish(store, 'job-1', randomBytes(77));
      expect(await store.remove(manifest.filename)).toEqual([
        { filename: manifest.filename, size_bytes: 77 },
        { filename: `${STEM}.json`, size_bytes: manifest.metadata_file?.size_bytes },
      ]);
      expect(await list(store)).toEqual([]);
      await expect(store.remove(manifest.filename)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND', status: 404 });
      expect((await publish(store, 'job-2')).filename).toBe(manifest.filename);
    });

    test('leaves the other format of the same second alone', async () => {
      const onnx = await publish(store, 'job-1');
      const pt = await publish(store, 'job-2', randomBytes(10), {
        name: { stem: STEM, extension: 'pt' },
        metadataFile: false,
      });
      await store.remove(pt.filename);
      expect(await readAll(store, `${STEM}.json`)).not.toHaveLength(0);
      expect(await list(store)).toEqual([onnx]);
    });

    test('a metadata file alone is not possible', async () => {
      await publish(store, 'job-1');
      await expect(store.remove(`${STEM}.json`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    });
  });

  test('readers see a whole export or none while it is published and removed', async () => {
    let busy = true;
    let seen = 0;
    const watch = (async () => {
      while (busy) {
        for (const manifest of await list(store)) {
          const file = await store.open(manifest.filename).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'EXPORT_NOT_FOUND' });
            return undefined;
          });
          if (file === undefined) continue;
          seen++;
          // Not the digest of the list: the name may be another export's by now.
          expect(sha256(Buffer.concat(await file.read().toArray()))).toBe(file.sha256);
        }
        await turn();
      }
    })();
    for (let round = 0; round < 25; round++) {
      const manifest = await publish(store, `job-${round}`, randomBytes(50_000));
      await turn();
      if (round % 2 === 0) await store.remove(manifest.filename);
    }
    busy = false;
    await watch;
    expect(seen).toBeGreaterThan(0);
  });

  describe('sweeping', () => {
    test('keeps the draft of a job that is worked on, and removes those of dead workers', async () => {
      const active = await store.begin('active');
      await active.write(Buffer.from('active'));
      const dead = await store.begin('dead');
      await dead.write(Buffer.from('dead'));
      const asked: string[] = [];
      const removed = await store.sweep(async (id) => {
        asked.push(id);
        return id === 'active';
      });
      expect(asked.sort()).toEqual(['active', 'dead']);
      expect(removed).toHaveLength(1);
      await dead.abort();
      const manifest = await active.commit(ONNX, () => manifestDraft('active'), true);
      expect((await readAll(store, manifest.filename)).toString()).toBe('active');
    });

    test('leaves published artifacts alone', async () => {
      const manifest = await publish(store, 'job-1');
      expect(await store.sweep(async () => false)).toEqual([]);
      expect(await list(store)).toEqual([manifest]);
      expect(await readAll(store, `${STEM}.json`)).not.toHaveLength(0);
    });
  });

  test('a check settles when the store can be used', async () => {
    await expect(store.check()).resolves.toBeUndefined();
  });
}
