import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '@caissa/shared/errors';
import { begin, held, list, manifestDraft, ONNX, publish, readAll, STEM } from '@caissa/testing/publish-artifact';
import { describe, expect, test } from 'vitest';
import { newAttempt } from './artifact-names.js';
import type { ArtifactStore } from './artifact-store.js';
import type { Manifest } from './manifest.js';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** How every artifact store publishes; `store` is an empty one for each test. */
export function artifactPublishingContract(store: () => ArtifactStore): void {
  describe('an artifact', () => {
    test('is published whole: bytes, size, digest, manifest and metadata file', async () => {
      const bytes = randomBytes(3_000_001);
      const draft = await begin(store(), 'job-1');
      await draft.write(bytes.subarray(0, 1_000_000));
      await draft.write(new Uint8Array(0));
      await draft.write(bytes.subarray(1_000_000));
      expect(draft.sizeBytes).toBe(bytes.length);
      const manifest = await draft.commit(ONNX, () => manifestDraft('job-1'));
      const metadata = `${JSON.stringify(manifest.metadata, undefined, 2)}\n`;
      expect(manifest).toEqual({
        schema_version: 1,
        ...manifestDraft('job-1'),
        filename: `${STEM}.onnx`,
        size_bytes: bytes.length,
        sha256: sha256(bytes),
        metadata_file: { filename: `${STEM}.json`, size_bytes: metadata.length, sha256: sha256(metadata) },
      });
      expect(await store().readManifest(manifest.filename)).toEqual(manifest);
      expect(await list(store())).toEqual([manifest]);
      expect(sha256(await readAll(store(), manifest.filename))).toBe(manifest.sha256);
      expect((await readAll(store(), `${STEM}.json`)).toString()).toBe(metadata);
    });

    test('is invisible until it is committed, and gone after abort', async () => {
      const draft = await begin(store(), 'job-1');
      await draft.write(randomBytes(10));
      expect(await list(store())).toEqual([]);
      await expect(store().open(`${STEM}.onnx`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
      expect(await store().takeOver('job-2', ONNX, held)).toBeUndefined();
      await draft.abort();
      await draft.abort();
      expect(await list(store())).toEqual([]);
      await expect(draft.commit(ONNX, () => manifestDraft('job-1'))).rejects.toThrow();
      expect(await list(store())).toEqual([]);
    });

    test('without a metadata file has none', async () => {
      const manifest = await publish(store(), 'job-1', randomBytes(10), {
        name: { stem: STEM, format: 'pytorch' },
      });
      expect(manifest).not.toHaveProperty('metadata_file');
      await expect(store().open(`${STEM}.json`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    });

    test('may be empty', async () => {
      const manifest = await publish(store(), 'job-1', new Uint8Array(0));
      expect(manifest).toMatchObject({ size_bytes: 0, sha256: sha256('') });
      expect(await readAll(store(), manifest.filename)).toHaveLength(0);
    });

    test('may be said to be complete before it is committed, or given up', async () => {
      const draft = await begin(store(), 'job-1');
      await draft.write(Buffer.from('abc'));
      draft.complete();
      draft.complete();
      const { filename } = await draft.commit(ONNX, () => manifestDraft('job-1'));
      expect(String(await readAll(store(), filename))).toBe('abc');
      const other = await begin(store(), 'job-2');
      await other.write(Buffer.from('abc'));
      other.complete();
      await other.abort();
      await expect(other.commit(ONNX, () => manifestDraft('job-2'))).rejects.toThrow();
    });

    test('stays after abort, once it is committed', async () => {
      const draft = await begin(store(), 'job-1');
      await draft.write(randomBytes(10));
      const manifest = await draft.commit(ONNX, () => manifestDraft('job-1'));
      await draft.abort();
      expect(await readAll(store(), manifest.filename)).toHaveLength(10);
    });
  });

  describe('names', () => {
    test('that are taken get a number; formats of one second do not disturb each other', async () => {
      const first = await publish(store(), 'job-1', Buffer.from('first'));
      const second = await publish(store(), 'job-2', Buffer.from('second'));
      const third = await publish(store(), 'job-3', Buffer.from('third'));
      const pt = await publish(store(), 'job-4', Buffer.from('pt'), {
        name: { stem: STEM, format: 'pytorch' },
      });
      expect([first, second, third, pt].map((one) => one.filename)).toEqual([
        `${STEM}.onnx`,
        `${STEM}_2.onnx`,
        `${STEM}_3.onnx`,
        `${STEM}.pt`,
      ]);
      expect(second.metadata_file?.filename).toBe(`${STEM}_2.json`);
      expect((await readAll(store(), `${STEM}.onnx`)).toString()).toBe('first');
      expect((await readAll(store(), `${STEM}_2.onnx`)).toString()).toBe('second');
    });

    test('of twenty commits at once differ, and each file is its own', async () => {
      const contents = Array.from({ length: 20 }, (_, n) => Buffer.from(`content ${n}`));
      const drafts = await Promise.all(contents.map((_, n) => begin(store(), `job-${n}`)));
      await Promise.all(drafts.map((draft, n) => draft.write(contents[n] ?? Buffer.alloc(0))));
      const manifests = await Promise.all(
        drafts.map((draft, n) => draft.commit(ONNX, () => manifestDraft(`job-${n}`))),
      );
      expect(new Set(manifests.map((one) => one.filename)).size).toBe(20);
      expect(new Set(manifests.map((one) => one.metadata_file?.filename)).size).toBe(20);
      for (const [n, manifest] of manifests.entries()) {
        expect((await readAll(store(), manifest.filename)).toString()).toBe(`content ${n}`);
        expect(await store().takeOver(`job-${n}`, ONNX, held)).toEqual(manifest);
      }
    });

    test.each(['../secret', '..', '.', '', '/etc/passwd', 'a/b', 'a\0b', '.hidden', 'x'.repeat(5_000), '%2e%2e'])(
      'that are not ours lead nowhere: %j',
      async (name) => {
        expect(await store().readManifest(name)).toBeUndefined();
        for (const suffix of ['', '.json', '.onnx']) {
          await expect(store().open(`${name}${suffix}`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
        }
        await expect(store().remove(name)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
      },
    );
  });

  describe('a job that is worked on again', () => {
    test('finds what it has published, under a number too, and nothing of others', async () => {
      await publish(store(), 'job-1');
      const second = await publish(store(), 'job-2');
      expect(await store().takeOver('job-2', ONNX, held)).toEqual(second);
      expect(await store().takeOver('job-3', ONNX, held)).toBeUndefined();
      await store().remove(`${STEM}.onnx`);
      expect(await store().takeOver('job-2', ONNX, held)).toEqual(second);
    });

    test('is begun anew; the worker that asks and has lost it publishes nothing and leaves nothing', async () => {
      const lost = await begin(store(), 'job-1', () => Promise.reject(new AppError('JOB_LOST', 'lost')));
      await lost.write(Buffer.from('lost'));
      expect(await store().takeOver('job-1', ONNX, held)).toBeUndefined();
      await expect(lost.commit(ONNX, () => manifestDraft('job-1'))).rejects.toMatchObject({ retryable: true });
      await lost.abort();
      expect(await list(store())).toEqual([]);
      expect((await publish(store(), 'job-1')).filename).toBe(`${STEM}.onnx`);
    });

    test('cannot be published by a worker that lost it after it asked, nor taken away by it', async () => {
      let asked = 0;
      let current: Manifest | undefined;
      const lost = await begin(store(), 'job-1', async () => {
        if (++asked > 1) throw new AppError('JOB_LOST', 'lost');
        // Here it is held up, until another worker has done the job.
        expect(await store().takeOver('job-1', ONNX, held)).toBeUndefined();
        current = await publish(store(), 'job-1', Buffer.from('current'));
      });
      await lost.write(Buffer.from('lost'));
      await expect(lost.commit(ONNX, () => manifestDraft('job-1'))).rejects.toMatchObject({ retryable: true });
      await lost.abort();
      expect(await list(store())).toEqual([current]);
      expect((await readAll(store(), current?.filename ?? '')).toString()).toBe('current');
      expect((await readAll(store(), current?.metadata_file?.filename ?? '')).length).toBeGreaterThan(0);
      expect(await store().sweep(async () => false)).toEqual([]);
    });

    test('is left alone by a worker that has lost it', async () => {
      const current = await begin(store(), 'job-1');
      await current.write(Buffer.from('current'));
      const lost = () => Promise.reject(new AppError('JOB_LOST', 'lost'));
      await expect(store().takeOver('job-1', ONNX, lost)).rejects.toMatchObject({ code: 'JOB_LOST' });
      const { filename } = await current.commit(ONNX, () => manifestDraft('job-1'));
      expect((await readAll(store(), filename)).toString()).toBe('current');
    });

    test('can be given up by the name of the attempt, and what is published stays', async () => {
      const attempt = newAttempt('job-1');
      const draft = await store().begin(attempt, held);
      await draft.write(Buffer.from('x'));
      await store().giveUp(attempt);
      await expect(draft.commit(ONNX, () => manifestDraft('job-1'))).rejects.toMatchObject({ retryable: true });
      await draft.abort();
      const published = newAttempt('job-1');
      const other = await store().begin(published, held);
      const manifest = await other.commit(ONNX, () => manifestDraft('job-1'));
      await store().giveUp(published);
      expect(await list(store())).toEqual([manifest]);
    });
  });
}
