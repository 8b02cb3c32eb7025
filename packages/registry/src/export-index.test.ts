import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectWorker, type RedisClient, redisKeys } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import type { ArtifactStore } from '@caissa/storage';
import { LocalArtifactStore, type Manifest, toExportResult, toExportSummary } from '@caissa/storage';
import { publish } from '@caissa/testing/publish-artifact';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { ExportIndex } from './export-index.js';
import { removeExports } from './remove-exports.js';

let redis: RedisClient;
let index: ExportIndex;
let keys: ReturnType<typeof redisKeys>;

beforeAll(() => {
  redis = connectWorker(inject('redisUrl'));
});
beforeEach(() => {
  keys = redisKeys(`test-${randomUUID()}`);
  index = new ExportIndex(redis, keys);
});
afterAll(() => redis.disconnect());

function manifest(minute: number, change: Partial<Manifest> = {}): Manifest {
  const two = String(minute).padStart(2, '0');
  return {
    schema_version: 1,
    filename: `model_v1_export_20251007_03${two}00.onnx`,
    format: 'onnx',
    model_name: 'model_v1',
    job_id: `job-${minute}`,
    size_bytes: 1024 ** 2,
    sha256: 'a'.repeat(64),
    export_date: `2025-10-07T03:${two}:00Z`,
    metadata: { minute },
    warnings: [],
    ...change,
  };
}

const names = (exports: readonly { filename: string }[]) => exports.map((one) => one.filename);
const summaries = async () => (await index.newestFirst()).map(({ row }) => JSON.parse(row));

describe('the list', () => {
  const listed = async (from = index) => names(await from.newestFirst());

  test('shows the newest first, once each, those of one moment by name', async () => {
    const all = Array.from({ length: 7 }, (_, minute) => manifest(minute));
    for (const minute of [4, 0, 6, 2, 1, 5, 3]) await index.add(manifest(minute));
    await index.add(manifest(3));
    expect(await listed()).toEqual(names(all).reverse());
    const twin = manifest(3, { filename: 'a_export_20251007_030300.onnx', export_date: '2025-10-07T03:03:00.000Z' });
    await index.add(twin);
    expect((await listed()).slice(3, 5)).toEqual([manifest(3).filename, twin.filename]);
    expect(await listed(new ExportIndex(redis, keys))).toEqual(await listed());
  });

  test('is the same object until something changes, and shows at once what another process did', async () => {
    const other = new ExportIndex(redis, keys);
    expect(await listed()).toEqual([]);
    for (const minute of [1, 2, 3]) await other.add(manifest(minute));
    const before = await index.newestFirst();
    expect(await index.newestFirst()).toBe(before);
    await other.remove(manifest(2).filename);
    await other.add(manifest(1, { size_bytes: 7 }));
    const after = await index.newestFirst();
    expect(names(after)).toEqual([manifest(3).filename, manifest(1).filename]);
    expect((await summaries()).map((one) => one.size_bytes)).toEqual([1024 ** 2, 7]);
    expect(before).toHaveLength(3);
  });

  test('shows exports of before there were warnings without any', async () => {
    const { warnings: _, ...old } = manifest(1);
    await index.add(old as Manifest);
    expect(await summaries()).toEqual([toExportSummary(manifest(1))]);
  });

  test('leaves out an entry that cannot be read, and shows the others', async () => {
    await index.add(manifest(1));
    await index.add(manifest(2));
    await redis.hset(keys.exports, manifest(2).filename, '{"schema_version":2}');
    expect(await listed()).toEqual([manifest(1).filename]);
  });
});

test('beyond tells what a clean-up would remove', async () => {
  for (const minute of [1, 2, 3, 4]) await index.add(manifest(minute));
  expect(names(await index.beyond(2))).toEqual([manifest(2).filename, manifest(1).filename]);
  expect(await index.beyond(4)).toEqual([]);
  expect(await index.beyond(100)).toEqual([]);
  expect(await index.beyond(0)).toHaveLength(4);
  await index.remove(manifest(1).filename);
  await index.remove(manifest(1).filename);
  expect(names(await index.beyond(2))).toEqual([manifest(2).filename]);
});

describe('reconciling with the store', () => {
  let folder: string;
  let store: ArtifactStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caissa-index-'));
    store = await LocalArtifactStore.open(folder);
    return () => rm(folder, { recursive: true });
  });

  test('adds what is missing and forgets what is gone, once', async () => {
    const kept = await publish(store, 'job-1', randomBytes(10));
    const added = await publish(store, 'job-2', randomBytes(10));
    await index.add(kept);
    await index.add(manifest(1));
    expect(await index.reconcile(store)).toEqual({ added: 1, removed: 1 });
    const manifests = await index.newestFirst();
    const total = manifests.length;
    expect(names(manifests).sort()).toEqual([kept.filename, added.filename].sort());
    expect(total).toBe(2);
    expect(await index.reconcile(store)).toEqual({ added: 0, removed: 0 });
  });

  test('rebuilds everything after Redis was lost', async () => {
    const all = [await publish(store, 'job-1'), await publish(store, 'job-2'), await publish(store, 'job-3')];
    expect(await index.reconcile(store)).toEqual({ added: 3, removed: 0 });
    const manifests = await index.newestFirst();
    expect(manifests).toHaveLength(3);
    expect(await summaries()).toEqual(expect.arrayContaining(all.map(toExportSummary)));
  });

  /** The store with something that happens before a manifest of it is read. */
  const meanwhile = (happens: (filename: string) => Promise<unknown>): ArtifactStore =>
    Object.create(store, {
      listFilenames: { value: () => store.listFilenames() },
      readManifest: {
        value: async (filename: string) => {
          const read = await store.readManifest(filename);
          await happens(filename);
          return read;
        },
      },
    });

  test('does not list what was removed while the store was read', async () => {
    await publish(store, 'job-1');
    expect(await index.reconcile(meanwhile((filename) => store.remove(filename)))).toEqual({ added: 0, removed: 0 });
    expect(await index.newestFirst()).toEqual([]);
  });

  test('an export that is added late is listed as it is by then: removed, or another one under its name', async () => {
    const published = await publish(store, 'job-1');
    const other = { ...published, job_id: 'job-2' };
    for (const [there, listed] of [
      [published, [published]],
      [other, [other]],
      [undefined, []],
    ] as const) {
      await index.addPublished({ readManifest: async () => there }, published);
      expect(await summaries()).toEqual(listed.map(toExportSummary));
    }
  });

  test('says how far it is until all is listed', async () => {
    const all = [await publish(store, 'job-1'), await publish(store, 'job-2')];
    expect(await index.completeness()).toEqual({ complete: false });
    const seen: unknown[] = [];
    await index.reconcile(meanwhile(async () => seen.push(await index.completeness())));
    expect(seen).toEqual(all.map(() => ({ complete: false, total: 2 })));
    expect(await index.completeness()).toEqual({ complete: true });
  });

  test('leaves a full list full: beside an export that is not in it yet, and one that cannot be read', async () => {
    const damaged = await publish(store, 'job-1');
    await index.reconcile(store);
    await index.remove(damaged.filename);
    await writeFile(join(folder, `${damaged.filename}.manifest.json`), '{');
    const seen: unknown[] = [];
    const added = await publish(store, 'job-2');
    const looking = meanwhile(async () => seen.push(await index.completeness()));
    expect(await index.reconcile(looking)).toEqual({ added: 1, removed: 0 });
    expect(await index.reconcile(looking)).toEqual({ added: 0, removed: 0 });
    expect(seen).toEqual(Array(3).fill({ complete: true }));
    expect(names(await index.newestFirst())).toEqual([added.filename]);
    expect(await index.completeness()).toEqual({ complete: true });
  });

  test('is not done when Redis loses everything meanwhile', async () => {
    await publish(store, 'job-1');
    const losing = meanwhile(() => redis.del(keys.exports, keys.exportsByDate, keys.exportsIndexing));
    expect(await index.reconcile(losing)).toBeUndefined();
    expect(await index.completeness()).toEqual({ complete: false });
    expect(await index.reconcile(store)).toMatchObject({ removed: 0 });
    expect(await index.completeness()).toEqual({ complete: true });
    expect(await index.newestFirst()).toHaveLength(1);
  });

  test('leaves alone what another process has claimed since', async () => {
    await publish(store, 'job-1');
    const losing = meanwhile(() => redis.set(keys.exportsIndexing, '7 another'));
    expect(await index.reconcile(losing)).toBeUndefined();
    expect(await index.completeness()).toEqual({ complete: false, total: 7 });
    await redis.del(keys.exportsIndexing);
  });

  test('keeps its claim as long as the store takes to be listed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const slow: ArtifactStore = Object.create(store, {
      listFilenames: {
        value: async () => {
          await redis.pexpire(keys.exportsIndexing, 1_000);
          await vi.advanceTimersByTimeAsync(5_000);
          expect(await redis.pttl(keys.exportsIndexing)).toBeGreaterThan(10_000);
          return [];
        },
      },
    });
    expect(await index.reconcile(slow)).toEqual({ added: 0, removed: 0 });
    expect(await redis.exists(keys.exportsIndexing)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('sends no more than about a megabyte at a time', async () => {
    const commands = vi.spyOn(redis, 'eval');
    onTestFinished(() => commands.mockRestore());
    const large = { note: 'x'.repeat(60_000) };
    await index.add(...Array.from({ length: 40 }, (_, at) => manifest(at, { metadata: large })));
    const sizes = commands.mock.calls.map((call) => call.join().length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(1.1 * 2 ** 20);
    expect(await index.newestFirst()).toHaveLength(40);
  });

  test('and removing exports change the list for many at a time, also where one cannot be removed', async () => {
    const all = await Promise.all(['job-1', 'job-2', 'job-3'].map((job) => publish(store, job)));
    await index.add(...all);
    const [first, second, third] = all.map(({ filename }) => filename) as [string, string, string];
    const failing: ArtifactStore = Object.create(store, {
      remove: {
        value: (filename: string) =>
          filename === third
            ? Promise.reject(new AppError('STORE_UNAVAILABLE', 'It is away.'))
            : store.remove(filename),
      },
    });
    const multi = vi.spyOn(redis, 'multi');
    onTestFinished(() => multi.mockRestore());
    const removing = removeExports(failing, index, [first, 'gone.onnx', second, third]);
    await expect(removing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(multi).toHaveBeenCalledTimes(1);
    expect(names(await index.newestFirst())).toEqual([third]);
    const removed = await removeExports(store, index, [third]);
    expect(removed.map(({ filename }) => filename)).toContain(third);
  });

  test('is left to the one process that is about it, until that is gone', async () => {
    await publish(store, 'job-1');
    const other = new ExportIndex(redis, keys);
    const turns: unknown[] = [];
    await index.reconcile(meanwhile(async () => turns.push(await other.reconcile(store))));
    expect(turns).toEqual([undefined]);
    await redis.set(keys.exportsIndexing, '1', 'PX', 20);
    await expect.poll(() => other.reconcile(store)).toEqual({ added: 0, removed: 0 });
  });

  test('that fails is not taken for complete, and can be begun again', async () => {
    await publish(store, 'job-1');
    const failing = meanwhile(() => Promise.reject(new AppError('STORE_UNAVAILABLE', 'The disk is away.')));
    await expect(index.reconcile(failing)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await index.completeness()).toEqual({ complete: false });
    expect(await index.reconcile(store)).toEqual({ added: 1, removed: 0 });
  });

  test('takes many at a time, and reads no manifest that it knows', async () => {
    const all = Array.from({ length: 450 }, (_, at) => manifest(at % 60, { filename: `e${at}.onnx` }));
    const byName = new Map(all.map((one) => [one.filename, one]));
    const readManifest = vi.fn(async (filename: string) => byName.get(filename));
    const large: ArtifactStore = Object.create(store, {
      listFilenames: { value: async () => [...byName.keys()] },
      readManifest: { value: readManifest },
    });
    const reconcile = () => index.reconcile(large);
    expect(await reconcile()).toEqual({ added: 450, removed: 0 });
    expect(names(await index.newestFirst()).sort()).toEqual([...byName.keys()].sort());
    readManifest.mockClear();
    expect(await reconcile()).toEqual({ added: 0, removed: 0 });
    expect(readManifest).not.toHaveBeenCalled();
    byName.clear();
    expect(await reconcile()).toEqual({ added: 0, removed: 450 });
    expect(await index.newestFirst()).toEqual([]);
  });
});

test('a manifest becomes a row of the list and the result of its job', () => {
  const metadataFile = { filename: 'x.json', size_bytes: 1, sha256: 'b' };
  const summary = toExportSummary(manifest(1, { metadata_file: metadataFile }));
  expect(summary).toMatchObject({ file_size_mb: 1, size_bytes: 1024 ** 2, metadata_filename: 'x.json' });
  expect(summary.download_url).toBe(`/api/model/download/${summary.filename}`);
  const result = toExportResult(manifest(1));
  expect(result).toMatchObject({
    success: true,
    message: 'Model exported successfully to onnx format',
    job_id: 'job-1',
    metadata: { minute: 1 },
  });
  expect(result).not.toHaveProperty('export_date');
  expect(result).not.toHaveProperty('metadata_filename');
});
