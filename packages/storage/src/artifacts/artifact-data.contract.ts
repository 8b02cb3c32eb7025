import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { begin, manifestDraft, ONNX, publishWithData, readAll, STEM } from '@caissa/testing/publish-artifact';
import { describe, expect, test } from 'vitest';
import type { ArtifactStore } from './artifact-store.js';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** What every artifact store does with artifacts of two files; `store` is an empty one for each test. */
export function artifactDataContract(store: () => ArtifactStore): void {
  describe('an artifact with its data beside it', () => {
    const DATA = `${STEM}.onnx.data`;

    test('is published whole, and names its data as both are named', async () => {
      const data = randomBytes(3_000_001);
      const manifest = await publishWithData(store(), 'job-1', data);
      expect(manifest).toMatchObject({
        filename: `${STEM}.onnx`,
        sha256: sha256(`see ${DATA}`),
        data_file: { filename: DATA, size_bytes: data.length, sha256: sha256(data) },
      });
      expect(await store().readManifest(manifest.filename)).toEqual(manifest);
      expect((await readAll(store(), manifest.filename)).toString()).toBe(`see ${DATA}`);
      expect((await readAll(store(), DATA, { start: 5, end: 9 })).equals(data.subarray(5, 10))).toBe(true);
      const file = await store().open(DATA);
      expect([file.sizeBytes, file.sha256]).toEqual([data.length, sha256(data)]);
      await file.close();
      expect(await store().sweep(async () => false)).toEqual([]);
    });

    test('names what it is published as, though another has the first name', async () => {
      await publishWithData(store(), 'job-1', randomBytes(10));
      const second = await publishWithData(store(), 'job-2', randomBytes(10));
      expect(second.data_file?.filename).toBe(`${STEM}_2.onnx.data`);
      expect((await readAll(store(), second.filename)).toString()).toBe(`see ${STEM}_2.onnx.data`);
    });

    test('can be opened as a draft already', async () => {
      const draft = await begin(store(), 'job-1');
      await (await draft.beginData()).write(Buffer.from('data'));
      const { filename, sizeBytes } = await draft.refer((name) => Buffer.from(name));
      expect(sizeBytes).toBe(4);
      expect(await readFile(draft.localPath, 'utf8')).toBe(filename);
      expect(await readFile(join(dirname(draft.localPath), filename), 'utf8')).toBe('data');
      await draft.abort();
      expect(await readdir(dirname(draft.localPath))).toEqual([]);
    });

    test('is not published before it refers to its data', async () => {
      const draft = await begin(store(), 'job-1');
      await (await draft.beginData()).write(Buffer.from('data'));
      await expect(draft.commit(ONNX, () => manifestDraft('job-1'))).rejects.toThrow();
      await draft.abort();
      expect(await store().readManifest(`${STEM}.onnx`)).toBeUndefined();
    });

    test('is removed with it, and left by a dead worker it is swept with it', async () => {
      const manifest = await publishWithData(store(), 'job-1', randomBytes(77));
      const removed = await store().remove(manifest.filename);
      expect(removed.map(({ filename }) => filename)).toEqual([manifest.filename, DATA, `${STEM}.json`]);
      await expect(store().open(DATA)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
      const dead = await begin(store(), 'dead');
      await dead.beginData();
      const swept = await store().sweep(async () => false);
      expect(swept.filter((name) => name.includes('data'))).not.toEqual([]);
      expect(swept.filter((name) => !name.includes('data'))).not.toEqual([]);
      expect(await store().sweep(async () => false)).toEqual([]);
      await dead.abort();
    });
  });
}
