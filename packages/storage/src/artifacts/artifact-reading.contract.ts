import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { list, publish, readAll, STEM } from '@caissa/testing/publish-artifact';
import { describe, expect, test } from 'vitest';
import type { ArtifactStore } from './artifact-store.js';

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

/** In what artifact stores differ. */
export interface ArtifactStoreTraits {
  /** Whether an opened file can be read though it was removed before its reading began. */
  readonly outlivesRemoval: boolean;
}

/** How every artifact store reads and removes; `store` is an empty one for each test. */
export function artifactReadingContract(store: () => ArtifactStore, { outlivesRemoval }: ArtifactStoreTraits): void {
  describe('reading', () => {
    test('gives any range, both ends included', async () => {
      const bytes = randomBytes(2_500_000);
      const { filename } = await publish(store(), 'job-1', bytes);
      const last = bytes.length - 1;
      for (const [start, end] of [
        [0, 0],
        [0, last],
        [last, last],
        [1_048_575, 1_048_577],
        [7, 2_000_000],
      ] as const) {
        expect(Buffer.compare(await readAll(store(), filename, { start, end }), bytes.subarray(start, end + 1))).toBe(
          0,
        );
      }
    });

    test('goes on while the artifact is removed', async () => {
      const bytes = randomBytes(5_000_000);
      const { filename } = await publish(store(), 'job-1', bytes);
      const file = await store().open(filename);
      const stream = file.read();
      const chunks: Buffer[] = [];
      for await (const chunk of stream) {
        if (chunks.length === 0) await store().remove(filename);
        chunks.push(chunk);
      }
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(bytes));
      await expect(store().open(filename)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    });

    test('may be left without reading, or in the middle, and closed twice', async () => {
      const { filename } = await publish(store(), 'job-1', randomBytes(5_000_000));
      const unread = await store().open(filename);
      await unread.close();
      await unread.close();
      const half = await store().open(filename);
      const stream = half.read();
      for await (const _ of stream) break;
      await half.close();
      expect(stream.destroyed).toBe(true);
    });

    test('twenty readers at once get the whole file each', async () => {
      const bytes = randomBytes(300_000);
      const { filename } = await publish(store(), 'job-1', bytes);
      const read = await Promise.all(Array.from({ length: 20 }, () => readAll(store(), filename)));
      expect(new Set(read.map(sha256))).toEqual(new Set([sha256(bytes)]));
    });
  });

  describe('removing', () => {
    test('takes the metadata file along, says what and how much, and frees the name', async () => {
      const manifest = await publish(store(), 'job-1', randomBytes(77));
      expect(await store().remove(manifest.filename)).toEqual([
        { filename: manifest.filename, size_bytes: 77 },
        { filename: `${STEM}.json`, size_bytes: manifest.metadata_file?.size_bytes },
      ]);
      expect(await list(store())).toEqual([]);
      await expect(store().remove(manifest.filename)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND', status: 404 });
      expect((await publish(store(), 'job-2')).filename).toBe(manifest.filename);
    });

    test('leaves the other format of the same second alone', async () => {
      const onnx = await publish(store(), 'job-1');
      const pt = await publish(store(), 'job-2', randomBytes(10), {
        name: { stem: STEM, format: 'pytorch' },
      });
      await store().remove(pt.filename);
      expect(await readAll(store(), `${STEM}.json`)).not.toHaveLength(0);
      expect(await list(store())).toEqual([onnx]);
    });

    test('a metadata file alone is not possible', async () => {
      await publish(store(), 'job-1');
      await expect(store().remove(`${STEM}.json`)).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
    });
  });

  test('readers see a whole export or none while it is published and removed', async () => {
    let busy = true;
    let seen = 0;
    const watch = (async () => {
      while (busy) {
        for (const manifest of await list(store())) {
          const file = await store()
            .open(manifest.filename)
            .catch((error: unknown) => {
              expect(error).toMatchObject({ code: 'EXPORT_NOT_FOUND' });
              return undefined;
            });
          if (file === undefined) continue;
          const chunks = await file
            .read()
            .toArray()
            .catch((error: unknown) => {
              expect([outlivesRemoval, error]).toMatchObject([false, { code: 'EXPORT_NOT_FOUND' }]);
              return undefined;
            });
          if (chunks === undefined) continue;
          seen++;
          // Not the digest of the list: the name may be another export's by now.
          expect(sha256(Buffer.concat(chunks))).toBe(file.sha256);
        }
        await turn();
      }
    })();
    for (let round = 0; round < 25; round++) {
      const manifest = await publish(store(), `job-${round}`, randomBytes(50_000));
      await turn();
      if (round % 2 === 0) await store().remove(manifest.filename);
    }
    busy = false;
    await watch;
    expect(seen).toBeGreaterThan(0);
  });
}
