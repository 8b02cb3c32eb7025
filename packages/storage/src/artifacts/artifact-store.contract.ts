import { begin, list, manifestDraft, ONNX, publish, readAll, STEM } from '@caissa/testing/publish-artifact';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { artifactDataContract } from './artifact-data.contract.js';
import { artifactPublishingContract } from './artifact-publishing.contract.js';
import { type ArtifactStoreTraits, artifactReadingContract } from './artifact-reading.contract.js';
import type { ArtifactStore } from './artifact-store.js';

/** What every artifact store does. Run it against each adapter; `makeStore` opens an empty store. */
export function artifactStoreContract(
  makeStore: () => Promise<{ store: ArtifactStore; remove(): Promise<void> }>,
  traits: ArtifactStoreTraits,
): void {
  let store: ArtifactStore;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ store, remove } = await makeStore());
  });
  afterEach(() => remove());

  artifactPublishingContract(() => store);
  artifactDataContract(() => store);
  artifactReadingContract(() => store, traits);

  describe('sweeping', () => {
    test('keeps the draft of a job that is worked on, and removes those of dead workers', async () => {
      const active = await begin(store, 'active');
      await active.write(Buffer.from('active'));
      const dead = await begin(store, 'dead');
      await dead.write(Buffer.from('dead'));
      const asked: string[] = [];
      const removed = await store.sweep(async (id) => {
        asked.push(id);
        return id === 'active';
      });
      expect([...new Set(asked)].sort()).toEqual(['active', 'dead']);
      expect(removed.length).toBeGreaterThan(0);
      await dead.abort();
      const manifest = await active.commit(ONNX, () => manifestDraft('active'));
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
