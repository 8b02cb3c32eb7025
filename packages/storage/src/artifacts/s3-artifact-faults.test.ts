import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@caissa/shared/errors';
import {
  begin,
  held,
  list,
  manifestDraft,
  ONNX,
  publish,
  publishWithData,
  readAll,
  STEM,
} from '@caissa/testing/publish-artifact';
import { type Fate, type S3Request, S3Server } from '@caissa/testing/s3-server';
import { keysOf, makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ObjectStore } from '../object-store/object-store.js';
import { filesOf, type Manifest } from './manifest.js';
import { S3ArtifactStore } from './s3-artifact-store.js';

const PROBE = 'exports/.conditional-writes';
const PART_BYTES = 8 << 20;
let server: S3Server;
let objects: ObjectStore;
let folder: string;
let store: S3ArtifactStore;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-s3-faults-'));
  objects = await makeBucket(server.endpoint);
  store = openStore('drafts');
});
afterEach(async () => {
  heal();
  objects.close();
  await rm(folder, { recursive: true });
});

function openStore(spool: string): S3ArtifactStore {
  return new S3ArtifactStore({ objects, spoolFolder: join(folder, spool), presignedDownloads: false });
}

function heal(): void {
  server.decide = () => 'answer';
  server.heedsConditions = true;
}

async function expectNothingLeft(): Promise<void> {
  expect(await keysOf(objects)).toEqual([PROBE]);
  expect(server.uploads).toEqual([]);
  expect(await readdir(join(folder, 'drafts'))).toEqual([]);
}

async function expectWhole(manifest: Manifest): Promise<void> {
  for (const { filename, size_bytes } of filesOf(manifest)) {
    expect(await readAll(store, filename)).toHaveLength(size_bytes);
  }
}

/** Writes and commits as an exporter does, which aborts when something goes wrong. */
async function attempt(withData: boolean): Promise<Manifest> {
  const draft = await begin(store, 'job-1');
  try {
    const sink = withData ? await draft.beginData() : draft;
    await sink.write(randomBytes(1_000));
    if (withData) await draft.refer((dataFilename) => Buffer.from(dataFilename));
    draft.complete();
    return await draft.commit(ONNX, () => manifestDraft('job-1'));
  } catch (error) {
    await draft.abort();
    throw error;
  }
}

describe.each<[string, Fate, boolean]>([
  ['is refused once, the store being busy,', 503, true],
  ['whose connection is cut', 'cut', true],
  ['whose answer is lost', 'cut-after', true],
  ['is refused, as are all later ones,', 403, false],
])('a request that %s', (_, fate, once) => {
  test.each([
    ['one file', false],
    ['two files', true],
  ])('leaves nothing half-made of an export of %s, whichever it is', async (__, withData) => {
    for (let at = 1; ; at++) {
      let count = 0;
      server.decide = () => (++count === at || (!once && count > at) ? fate : 'answer');
      const result = await attempt(withData).catch((error: unknown) => error);
      const reached = count >= at;
      heal();
      if (!reached) {
        expect(at).toBeGreaterThan(6);
        break;
      }
      const published = await list(store);
      if (result instanceof Error) {
        expect([at, once, result]).toMatchObject([at, false, { code: 'STORE_UNAVAILABLE', retryable: true }]);
      } else expect(published).toEqual([result]);
      // A name that was taken by a try whose answer was lost is not taken twice.
      for (const manifest of published) {
        expect(manifest.filename).toBe(`${STEM}.onnx`);
        await expectWhole(manifest);
        await store.remove(manifest.filename);
      }
      await store.sweep(async () => false);
      expect((await keysOf(objects)).filter((key) => key !== PROBE)).toEqual([]);
      expect(server.uploads).toEqual([]);
      expect(await readdir(join(folder, 'drafts')).catch(() => [])).toEqual([]);
    }
    await store.remove(`${STEM}.onnx`);
    await expectNothingLeft();
  });
});

/** Whether a request sends bytes of an artifact. */
const isPart = ({ key, query }: S3Request) => query.has('partNumber') && !key.endsWith(PROBE);

describe('an upload', () => {
  test('goes on while more is written, two parts at once, and is whole', async () => {
    const waiting: (() => void)[] = [];
    server.decide = (request) =>
      isPart(request) ? new Promise((resolve) => waiting.push(() => resolve('answer'))) : 'answer';
    const bytes = randomBytes(4 * PART_BYTES + 77);
    const draft = await begin(store, 'job-1');
    for (let from = 0; from < bytes.length; from += 1 << 20) await draft.write(bytes.subarray(from, from + (1 << 20)));
    await vi.waitFor(() => expect(waiting).toHaveLength(2), 60_000);
    draft.complete();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(waiting).toHaveLength(2);
    heal();
    for (const release of waiting) release();
    const manifest = await draft.commit(ONNX, () => manifestDraft('job-1'));
    expect(Buffer.compare(await readAll(store, manifest.filename), bytes)).toBe(0);
  });

  test('takes no more than what was written, though the next write has begun', async () => {
    const small = randomBytes(1);
    const large = randomBytes(3 * PART_BYTES);
    const draft = await begin(store, 'job-1');
    await Promise.all([draft.write(small), draft.write(large)]);
    const { filename } = await draft.commit(ONNX, () => manifestDraft('job-1'));
    expect(Buffer.compare(await readAll(store, filename), Buffer.concat([small, large]))).toBe(0);
  });

  test('that is given up in its middle leaves no object and no upload', async () => {
    const draft = await begin(store, 'job-1');
    let release = () => {};
    const arrived = new Promise<void>((resolve) => {
      server.decide = ({ query }) => {
        if (!query.has('partNumber')) return 'answer';
        resolve();
        return new Promise((answer) => {
          release = () => answer('answer');
        });
      };
    });
    await draft.write(randomBytes(PART_BYTES + 1));
    await arrived;
    await draft.abort();
    release();
    heal();
    await expectNothingLeft();
    await expect(draft.write(Buffer.from('x'))).rejects.toThrow();
  });

  test('whose bytes change on the way is refused by the checksum of the part', async () => {
    server.decide = (request) => (isPart(request) ? 'corrupt' : 'answer');
    await expect(attempt(false)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    heal();
    await expectNothingLeft();
  });

  test('that cannot go on stops the one who writes', async () => {
    const draft = await begin(store, 'job-1');
    server.decide = ({ query }) => (query.has('partNumber') ? 403 : 'answer');
    const writing = async () => {
      for (let n = 0; n < 1_000; n++) await draft.write(Buffer.alloc(1 << 20));
    };
    await expect(writing()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    heal();
    await draft.abort();
    await expectNothingLeft();
  });

  test('of a full store says so, and that trying again does not help', async () => {
    server.decide = (request) => (isPart(request) ? 507 : 'answer');
    await expect(attempt(false)).rejects.toMatchObject({ code: 'STORAGE_FULL', retryable: false });
    heal();
    await expectNothingLeft();
  });
});

test('workers that race for one name all publish, each under its own', async () => {
  const workers = [store, openStore('other')];
  const contents = Array.from({ length: 12 }, (_, n) => `content ${n}`);
  const manifests = await Promise.all(
    contents.map((content, n) => publish(workers[n % 2] ?? store, `job-${n}`, Buffer.from(content))),
  );
  expect(new Set(manifests.map(({ filename }) => filename)).size).toBe(12);
  for (const [n, { filename }] of manifests.entries()) expect(String(await readAll(store, filename))).toBe(contents[n]);
  const withData = await publishWithData(store, 'job-13', Buffer.from('data'));
  expect(String(await readAll(store, withData.filename))).toBe(`see ${withData.data_file?.filename}`);
});

test('a worker that loses its job to one of another machine publishes nothing, and nothing of it is left', async () => {
  let asked = 0;
  const lost = await begin(store, 'job-1', async () => {
    if (++asked > 1) throw new AppError('JOB_LOST', 'lost');
    await openStore('other').takeOver('job-1', ONNX, held);
  });
  await lost.write(Buffer.from('lost'));
  await expect(lost.commit(ONNX, () => manifestDraft('job-1'))).rejects.toMatchObject({ code: 'JOB_LOST' });
  await lost.abort();
  await expectNothingLeft();
});

test('a manifest whose upload is aborted for the sake of another job is sent anew', async () => {
  let asked = 0;
  const draft = await begin(store, 'job-1', async () => {
    if (++asked < 4) await openStore('other').takeOver('job-2', ONNX, held);
  });
  const manifest = await draft.commit(ONNX, () => manifestDraft('job-1'));
  expect(manifest.filename).toBe(`${STEM}.onnx`);
  expect(await list(store)).toEqual([manifest]);
  expect(server.uploads).toEqual([]);
});

test('a store that overwrites what it is told to keep is not used', async () => {
  server.heedsConditions = false;
  await expect(publish(store, 'job-1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: /If-None-Match/ });
});

describe('a download', () => {
  test('goes on where its connection broke', async () => {
    const bytes = randomBytes(3_000_000);
    const { filename } = await publish(store, 'job-1', bytes);
    let cuts = 0;
    server.decide = ({ method, key }) =>
      method === 'GET' && key.endsWith('/artifact') && ++cuts < 4 ? 'cut-answer' : 'answer';
    expect(Buffer.compare(await readAll(store, filename, { start: 5, end: 2_999_998 }), bytes.subarray(5, -1))).toBe(0);
    expect(cuts).toBe(4);
  });

  test('ends with an error when the store has gone, and never short', async () => {
    const { filename } = await publish(store, 'job-1', randomBytes(3_000_000));
    server.decide = ({ method, key }) => (method === 'GET' && key.endsWith('/artifact') ? 503 : 'answer');
    await expect(readAll(store, filename)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('of what was removed before it began says that', async () => {
    const { filename } = await publish(store, 'job-1', randomBytes(1_000));
    const file = await store.open(filename);
    await store.remove(filename);
    await expect(file.read().toArray()).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
  });
});
