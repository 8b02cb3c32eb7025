import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportFilenames, type Format } from '@caissa/formats';
import { begin, held, list, manifestDraft, publish } from '@caissa/testing/publish-artifact';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ArtifactStore } from './artifact-store.js';
import type * as FolderClock from './folder-clock.js';
import { LocalArtifactStore } from './local-artifact-store.js';
import { filesOf, type Manifest } from './manifest.js';

/** Which file operation fails, counted from 1; none by default. */
const faults = vi.hoisted(() => ({ at: Number.POSITIVE_INFINITY, once: true, performed: false, count: 0 }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const failure = () => Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
  const faulty = <A extends unknown[], R>(operation: (...args: A) => Promise<R>, mustRun = false) => {
    return async (...args: A): Promise<R> => {
      const fails = ++faults.count >= faults.at && (!faults.once || faults.count === faults.at);
      if (fails && !faults.performed && !mustRun) throw failure();
      const result = await operation(...args);
      if (fails) throw failure();
      return result;
    };
  };
  const open = async (...args: Parameters<typeof real.open>) => {
    const opened: FileSystem.FileHandle[] = [];
    const handle = await faulty(async () => {
      opened.push(await real.open(...args));
      return opened[0] as FileSystem.FileHandle;
    })().catch(async (error: unknown) => {
      await opened[0]?.close();
      throw error;
    });
    handle.writeFile = faulty(handle.writeFile.bind(handle));
    handle.truncate = faulty(handle.truncate.bind(handle));
    handle.sync = faulty(handle.sync.bind(handle));
    handle.datasync = faulty(handle.datasync.bind(handle));
    // A file that is not closed would be a leak of the test, not of the code.
    handle.close = faulty(handle.close.bind(handle), true);
    return handle;
  };
  const { rename, rm, unlink, readdir } = real;
  return {
    ...{ ...real, open },
    ...{ rename: faulty(rename), rm: faulty(rm), unlink: faulty(unlink), readdir: faulty(readdir) },
  };
});

/** How far the clock of the folder has gone on. */
const clock = vi.hoisted(() => ({ aheadMs: 0 }));

vi.mock('./folder-clock.js', async (importOriginal) => {
  const { readFolderClock } = await importOriginal<typeof FolderClock>();
  return { readFolderClock: async (folder: string) => (await readFolderClock(folder)) + clock.aheadMs };
});

const STEM = 'model_v1_export_20251007_031138';
let folder: string;
let store: ArtifactStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-faults-'));
  store = await LocalArtifactStore.open(folder);
});
afterEach(async () => {
  heal();
  await rm(folder, { recursive: true, force: true });
});

function heal(): void {
  faults.at = Number.POSITIVE_INFINITY;
}

/** Writes and commits as an exporter does, which aborts when something goes wrong. */
async function attempt(format: Format, withData: boolean): Promise<Manifest> {
  const draft = await begin(store, 'job-1');
  try {
    const sink = withData ? await draft.beginData() : draft;
    await sink.write(randomBytes(1_000));
    await sink.write(randomBytes(1_000));
    if (withData) await draft.refer((dataFilename) => Buffer.from(dataFilename));
    if (withData) draft.complete();
    return await draft.commit({ stem: STEM, format }, () => manifestDraft('job-1'));
  } catch (error) {
    await draft.abort().catch(() => undefined);
    throw error;
  }
}

async function expectWhole(manifest: Manifest): Promise<void> {
  for (const { filename } of filesOf(manifest)) await (await store.open(filename)).close();
}

const modes = [
  { once: true, performed: false, what: 'is not done' },
  { once: true, performed: true, what: 'is done but reported as failed' },
  { once: false, performed: false, what: 'and all later ones are not done' },
];

describe.each(modes)('a file operation that $what', ({ once, performed }) => {
  test.each([
    ['.onnx', 'onnx', false],
    ['.pt', 'pytorch', false],
    ['.onnx and .onnx.data', 'onnx', true],
  ] as const)('leaves nothing half-made, whichever of those of an %s export it is', async (_, format, withData) => {
    // The other format of the same second must not be touched by whatever is taken back.
    const other = await publish(store, 'job-0', randomBytes(10), {
      name: { stem: STEM, format: format === 'pytorch' ? 'onnx' : 'pytorch' },
    });
    const before = (await readdir(folder)).sort();
    for (let at = 1; ; at++) {
      Object.assign(faults, { at, once, performed, count: 0 });
      const result = await attempt(format, withData).catch((error: unknown) => error);
      const reached = faults.count >= at;
      heal();
      if (!reached) {
        expect(at).toBeGreaterThan(10);
        expect(result).toMatchObject({ filename: exportFilenames(STEM, format).artifact });
        return;
      }
      const published = (await list(store)).filter((one) => one.filename !== other.filename);
      // Nothing, or, where the last steps could not be taken back, something whole that a retry finds.
      for (const manifest of published) await expectWhole(manifest);
      if (result instanceof Error) {
        expect(result).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
        expect(await store.takeOver('job-1', { stem: STEM, format }, held)).toEqual(published[0]);
      } else expect(published).toEqual([result]);
      await expectWhole(other);
      for (const manifest of published) await store.remove(manifest.filename);
      clock.aheadMs = 3_700_000;
      await store.sweep(async () => false);
      clock.aheadMs = 0;
      expect((await readdir(folder)).sort()).toEqual(before);
    }
  });
});

test('a flush that fails while more is written fails the commit, though the last flush succeeds', async () => {
  const draft = await begin(store, 'job-1');
  // The flush that so much begins; the thread that writes makes its calls itself.
  Object.assign(faults, { at: 1, once: true, performed: true, count: 0 });
  await draft.write(Buffer.alloc(16 << 20));
  await draft.write(Buffer.alloc(1_000));
  const committed = draft.commit({ stem: STEM, format: 'pytorch' }, () => manifestDraft('job-1'));
  await expect(committed).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(faults.count).toBeGreaterThanOrEqual(2);
  await draft.abort();
  expect(await readdir(folder)).toEqual([]);
});

/** Mounts a file system of one mebibyte, where that is allowed. */
function mountSmall(): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `needs to mount a tmpfs: ${error instanceof Error ? error.message.split('\n')[0] : ''}`;
  }
}

describe('a full disk', () => {
  test('ends an export with its code, leaves nothing, and the next small one succeeds', async (context) => {
    const reason = mountSmall();
    context.skip(reason !== undefined, reason);
    try {
      const draft = await begin(store, 'job-1');
      const full = async () => {
        for (let n = 0; n < 4; n++) await draft.write(randomBytes(400_000));
        await draft.commit({ stem: STEM, format: 'onnx' }, () => manifestDraft('job-1'));
      };
      await expect(full()).rejects.toMatchObject({ code: 'STORAGE_FULL', status: 507 });
      await draft.abort();
      expect(await readdir(folder)).toEqual([]);
      await expectWhole(await publish(store, 'job-2', randomBytes(100_000)));
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
