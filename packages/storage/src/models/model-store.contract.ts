import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { eventually } from '@caissa/testing/eventually';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelObserver, ModelSource, ModelStore } from './model-store.js';

/** What the contract needs to know of an adapter. */
export interface ModelStoreUnderTest {
  readonly store: ModelStore;
  /** Puts a file where checkpoints lie, past the store, as training does; it replaces one of its name. */
  put(filename: string, content: string | Uint8Array): Promise<void>;
  /** Takes a file away, past the store. */
  take(filename: string): Promise<void>;
  /** Names of everything that is there, uploads and what is left of them included. */
  everything(): Promise<string[]>;
  close(): Promise<void>;
}

const LIMIT_BYTES = 64 * 1024 ** 2;

/** More than one piece of any transfer, and not a multiple of anything. */
const LARGE = Buffer.alloc(20_000_003);
for (let at = 0; at < LARGE.length; at++) LARGE[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff;

const bodyOf = (...chunks: (string | Uint8Array)[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

async function textOf(source: ModelSource): Promise<string> {
  const bytes = Buffer.alloc(source.sizeBytes);
  await source.readInto(bytes, 0);
  await source.close();
  return bytes.toString();
}

/** What every model store does. */
export function describeModelStore(name: string, open: () => Promise<ModelStoreUnderTest>): void {
  describe(name, () => {
    let tested: ModelStoreUnderTest;
    let store: ModelStore;
    beforeEach(async () => {
      tested = await open();
      store = tested.store;
    });
    afterEach(() => tested.close());

    const files = async () =>
      [...(await store.list()).files].sort((left, right) => (left.filename < right.filename ? -1 : 1));

    describe('looking', () => {
      it('lists what is there, by name and size', async () => {
        expect(await store.list()).toEqual({ files: [], leftOut: [] });
        await tested.put('a.pt', '12345');
        await tested.put('b.c-d_1.pt', '1');
        expect(await files()).toMatchObject([
          { filename: 'a.pt', sizeBytes: 5, isRegular: true, modifiedAt: expect.any(Date) },
          { filename: 'b.c-d_1.pt', sizeBytes: 1 },
        ]);
        expect((await store.names()).sort()).toEqual(['a', 'b.c-d_1']);
      });

      it('counts by extension, in capitals or not, and leaves out what is hidden or not finished', async () => {
        const checkpoints = ['a.pt', 'b.pth', 'c.PTH', 'd.ckpt', 'e.pth.tar', 'f.bin'];
        for (const filename of [...checkpoints, '.hidden.pt', 'g.pt.part', 'h.tar', 'i.txt'])
          await tested.put(filename, 'x');
        expect((await files()).map(({ filename }) => filename)).toEqual(checkpoints);
        expect((await store.names()).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      });

      it('finds and opens each file by a valid name, and by no other', async () => {
        const named = {
          'epoch=3-step=100.pt': 'epoch_3-step_100',
          'my model.pt': 'my_model',
          '模型.pt': 'model_f4d35440',
          'model (1).pt': 'model_1_',
          'final.pth': 'final',
          'last.ckpt': 'last',
          'stats.pt': 'stats_990523e2',
          [`${'x'.repeat(200)}.pt`]: 'x'.repeat(128),
          "it's 100%+ #1 & <more>?.pt": 'it_s_100_1_more_',
        };
        for (const filename of Object.keys(named)) await tested.put(filename, filename);
        expect((await store.names()).sort()).toEqual(Object.values(named).sort());
        for (const [filename, name] of Object.entries(named)) {
          expect(await store.find(name)).toMatchObject({ name, filename, sizeBytes: Buffer.byteLength(filename) });
          expect(await store.look(filename)).toMatchObject({ filename });
          const source = await store.open(name);
          expect(source.filename).toBe(filename);
          expect(await textOf(source)).toBe(filename);
        }
        await expect(store.find('my model')).rejects.toMatchObject({ code: 'INVALID_NAME' });
        for (const other of ['final.pth', 'stats']) {
          await expect(store.find(other)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
        }
      });

      it('gives a name to NAME.pt, and the file that had it another one', async () => {
        await tested.put('final.pth', 'other');
        expect(await store.find('final')).toMatchObject({ filename: 'final.pth' });
        await tested.put('final.pt', 'own');
        expect(await store.find('final')).toMatchObject({ filename: 'final.pt' });
        expect(await textOf(await store.open('final_4c670fd5'))).toBe('other');
        await tested.take('final.pt');
        expect(await store.find('final')).toMatchObject({ filename: 'final.pth' });
        await expect(store.find('final_4c670fd5')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
      });

      it('describes one model as the list does', async () => {
        await tested.put('a.pt', '12345');
        const found = await store.find('a');
        expect(found).toMatchObject({ name: 'a', filename: 'a.pt', sizeBytes: 5, isRegular: true });
        expect(found.identity).toBe((await files())[0]?.identity);
        expect((await store.look('a.pt'))?.identity).toBe(found.identity);
        expect(await store.look('b.pt')).toBeUndefined();
      });

      it('gives every state of a model another identity', async () => {
        await tested.put('a.pt', '12345');
        const first = await store.find('a');
        expect((await store.find('a')).identity).toBe(first.identity);
        await tested.put('a.pt', '54321');
        expect((await store.find('a')).identity).not.toBe(first.identity);
      });

      it('does not know what is not there, and looks nowhere else', async () => {
        await expect(store.find('missing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
        await expect(store.open('missing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
        for (const bad of ['../a', '..', '/etc/passwd', 'a/b', 'a\0', '.a', '']) {
          await expect(store.find(bad)).rejects.toMatchObject({ code: 'INVALID_NAME' });
          await expect(store.open(bad)).rejects.toMatchObject({ code: 'INVALID_NAME' });
        }
      });
    });

    describe('reading', () => {
      it('gives any range, many at once', async () => {
        await tested.put('large.pt', LARGE);
        const source = await store.open('large');
        expect(source.sizeBytes).toBe(LARGE.length);
        expect(source.identity).toBe((await store.find('large')).identity);
        const ranges = [
          [0, 0],
          [0, 10],
          [LARGE.length - 22, 22],
          [65_530, 20],
          [1, 5_000_000],
          [4_999_999, 9_000_003],
          [16_383, 2],
          [LARGE.length - 1, 1],
          [12_000_000, 8_000_003],
        ] as const;
        await Promise.all(
          [...ranges, ...ranges].map(async ([offset, length]) => {
            const target = Buffer.alloc(length);
            await source.readInto(target, offset);
            expect(target.equals(LARGE.subarray(offset, offset + length))).toBe(true);
          }),
        );
        await source.close();
      });

      it('refuses what lies outside', async () => {
        await tested.put('a.pt', '12345');
        const source = await store.open('a');
        for (const [offset, length] of [
          [-1, 2],
          [5, 1],
          [0, 6],
        ] as const) {
          await expect(source.readInto(Buffer.alloc(length), offset)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
        }
        await source.close();
      });

      it('opens an empty file', async () => {
        await tested.put('a.pt', '');
        expect(await textOf(await store.open('a'))).toBe('');
      });

      it('never mixes the bytes of two states', async () => {
        await tested.put('a.pt', LARGE);
        const source = await store.open('a');
        await source.readInto(Buffer.alloc(100), 0);
        await tested.put('a.pt', Buffer.alloc(LARGE.length, 1));
        const target = Buffer.alloc(1_000_000);
        const outcome = await source.readInto(target, 15_000_000).then(
          () => (target.equals(LARGE.subarray(15_000_000, 16_000_000)) ? 'the old bytes' : 'other bytes'),
          (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
        );
        expect(['the old bytes', 'SOURCE_CHANGED']).toContain(outcome);
        await source.close();
        const again = await store.open('a');
        await again.readInto(target, 15_000_000);
        expect(target.equals(Buffer.alloc(1_000_000, 1))).toBe(true);
        await again.close();
      });
    });

    describe('an upload', () => {
      it('is no model until it is published, and can be read before', async () => {
        const received = await store.receive(bodyOf('first ', 'second'), LIMIT_BYTES);
        expect(received).toMatchObject({
          upload: expect.stringMatching(/^\.upload-[0-9a-f]{32}$/),
          sizeBytes: 12,
          sha256: createHash('sha256').update('first second').digest('hex'),
        });
        expect(await store.list()).toEqual({ files: [], leftOut: [] });
        const source = await store.openUpload(received.upload, 'a');
        expect(source.identity).toBe(received.identity);
        expect(await textOf(source)).toBe('first second');
        const identity = await store.publish(received, 'a');
        expect(await store.find('a')).toMatchObject({ name: 'a', sizeBytes: 12, identity });
        expect(await textOf(await store.open('a'))).toBe('first second');
        await store.discard(received.upload);
        expect(await tested.everything()).toEqual(['a.pt']);
      });

      it('of many pieces arrives as it was sent', async () => {
        const pieces = Array.from({ length: 200 }, (_, at) => LARGE.subarray(at * 100_001, (at + 1) * 100_001));
        const received = await store.receive(bodyOf(...pieces), LIMIT_BYTES);
        expect(received.sha256).toBe(createHash('sha256').update(LARGE).digest('hex'));
        await store.publish(received, 'large');
        const source = await store.open('large');
        const bytes = Buffer.alloc(source.sizeBytes);
        await source.readInto(bytes, 0);
        await source.close();
        expect(bytes.equals(LARGE)).toBe(true);
      });

      it('never replaces a model', async () => {
        await tested.put('a.pt', 'original');
        const received = await store.receive(bodyOf('other'), LIMIT_BYTES);
        await expect(store.publish(received, 'a')).rejects.toMatchObject({ code: 'MODEL_EXISTS' });
        expect(await textOf(await store.open('a'))).toBe('original');
        await store.discard(received.upload);
        expect(await tested.everything()).toEqual(['a.pt']);
      });

      it('is refused a name that a file of another kind has', async () => {
        await tested.put('final.pth', 'original');
        const received = await store.receive(bodyOf('other'), LIMIT_BYTES);
        await expect(store.publish(received, 'final')).rejects.toMatchObject({ code: 'MODEL_EXISTS' });
        await store.discard(received.upload);
        expect(await tested.everything()).toEqual(['final.pth']);
      });

      it('and others of its name: one wins', async () => {
        const texts = ['A', 'B', 'C', 'D'];
        const received = await Promise.all(texts.map((text) => store.receive(bodyOf(text), LIMIT_BYTES)));
        const outcomes = await Promise.allSettled(received.map((one) => store.publish(one, 'a')));
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'MODEL_EXISTS' });
        }
        const winner = texts[outcomes.findIndex(({ status }) => status === 'fulfilled')];
        expect(await textOf(await store.open('a'))).toBe(winner);
        for (const { upload } of received) await store.discard(upload);
        expect(await tested.everything()).toEqual(['a.pt']);
      });

      it('that is empty or too large leaves nothing', async () => {
        await expect(store.receive(bodyOf(), 10)).rejects.toMatchObject({ code: 'INVALID_BODY' });
        await expect(store.receive(bodyOf('12345', '678901'), 10)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
        await expect(store.receive(bodyOf(LARGE, LARGE), LARGE.length)).rejects.toMatchObject({
          code: 'BODY_TOO_LARGE',
        });
        expect(await tested.everything()).toEqual([]);
      });

      it.each([100, LARGE.length])('that breaks off after %d bytes leaves nothing', async (lengthBytes) => {
        const cut = new Error('the client is gone');
        const body = Readable.from(
          (function* () {
            yield LARGE.subarray(0, lengthBytes);
            throw cut;
          })(),
        );
        await expect(store.receive(body, LIMIT_BYTES)).rejects.toBe(cut);
        expect(await tested.everything()).toEqual([]);
      });

      it('that was discarded is gone, and may be discarded again', async () => {
        const received = await store.receive(bodyOf('x'), LIMIT_BYTES);
        await store.discard(received.upload);
        await store.discard(received.upload);
        await expect(store.openUpload(received.upload, 'a')).rejects.toMatchObject({
          code: 'MODEL_NOT_FOUND',
          message: expect.stringContaining('upload of a'),
        });
        await expect(store.openUpload('../a', 'a')).rejects.toMatchObject({ code: 'INVALID_NAME' });
      });

      it('that was left behind is swept away in time', async () => {
        const { upload } = await store.receive(bodyOf('x'), LIMIT_BYTES);
        await tested.put('a.pt', 'x');
        expect(await store.sweep(new Set())).toEqual([]);
        expect(await store.sweep(new Set(), Date.now() + 30 * 24 * 3_600_000)).toEqual([upload]);
        expect(await tested.everything()).toEqual(['a.pt']);
      });
    });

    describe('an upload in pieces', () => {
      const upload = `.upload-${'a'.repeat(32)}`;
      const sizeBytes = LARGE.length;
      const check = () => undefined;
      const append = (offset: number, body = bodyOf(LARGE.subarray(offset))) =>
        store.append(upload, { body, offset, sizeBytes, check });
      /** The whole, until it breaks off after so many bytes. */
      const breakingAfter = (offset: number, lengthBytes: number) =>
        Readable.from(
          (function* () {
            yield LARGE.subarray(offset, offset + lengthBytes);
            throw new Error('the client is gone');
          })(),
        );

      it('goes on where what is kept of it ends', async () => {
        expect(await store.keptBytes(upload)).toBe(0);
        await expect(append(0, breakingAfter(0, 17_000_000))).rejects.toThrow('the client is gone');
        const first = await store.keptBytes(upload);
        expect(first).toBeGreaterThan(16_000_000);
        await expect(append(first, breakingAfter(first, 100))).rejects.toThrow('the client is gone');
        const second = await store.keptBytes(upload);
        expect(await append(second)).toEqual({ keptBytes: sizeBytes });
        const sha256 = createHash('sha256').update(LARGE).digest('hex');
        const received = await store.complete(upload);
        expect(received).toMatchObject({ upload, sizeBytes, sha256 });
        // Who has not heard of it ends it once more.
        expect(await store.complete(upload, sha256)).toEqual(received);
        expect(await store.keptBytes(upload)).toBe(sizeBytes);
        await store.publish(received, 'a');
        await store.discard(upload);
        const source = await store.open('a');
        const bytes = Buffer.alloc(source.sizeBytes);
        await source.readInto(bytes, 0);
        await source.close();
        expect(bytes.equals(LARGE)).toBe(true);
        expect(await tested.everything()).toEqual(['a.pt']);
      });

      it('tells its digest if it came in one', async () => {
        const sha256 = createHash('sha256').update(LARGE).digest('hex');
        expect(await append(0)).toEqual({ keptBytes: sizeBytes, sha256 });
        await store.discard(upload);
      });

      it('is written to by its owner alone, and not beyond its end', async () => {
        const lost = () => {
          throw new Error('lost');
        };
        const piece = { body: bodyOf(LARGE), offset: 0, sizeBytes, check: lost };
        await expect(store.append(upload, piece)).rejects.toThrow('lost');
        expect(await store.keptBytes(upload)).toBe(0);
        const short = { body: bodyOf(LARGE), offset: 0, sizeBytes: sizeBytes - 1, check };
        await expect(store.append(upload, short)).rejects.toMatchObject({ code: 'UPLOAD_DAMAGED' });
        await store.discard(upload);
      });

      it('leaves nothing when it is given up', async () => {
        await expect(append(0, breakingAfter(0, 17_000_000))).rejects.toThrow('the client is gone');
        await store.discard(upload);
        expect([await store.keptBytes(upload), await tested.everything()]).toEqual([0, []]);
      });

      it('that is gone cannot be ended', async () => {
        await expect(store.complete(upload)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', retryable: false });
      });

      it('is swept away in time, but not while it may go on', async () => {
        const later = Date.now() + 30 * 24 * 3_600_000;
        await expect(append(0, breakingAfter(0, 17_000_000))).rejects.toThrow('the client is gone');
        await store.sweep(new Set([upload]), later);
        expect(await store.keptBytes(upload)).toBeGreaterThan(16_000_000);
        await store.sweep(new Set(), later);
        expect([await store.keptBytes(upload), await tested.everything()]).toEqual([0, []]);
      });
    });

    describe('following', () => {
      it('tells that something came, changed or went', async () => {
        let changes = 0;
        const failures: unknown[] = [];
        const observer: ModelObserver = { changed: () => changes++, failed: (error) => failures.push(error) };
        const stop = await store.watch(observer);
        await eventually('it has begun', () => changes > 0);
        const acts = ['a.pt', 'b 1.ckpt'].flatMap((filename) => [
          () => tested.put(filename, 'x'),
          () => tested.put(filename, 'yy'),
          () => tested.take(filename),
        ]);
        for (const act of acts) {
          const before = changes;
          await act();
          await eventually('it is told', () => changes > before);
        }
        await stop();
        expect(failures).toEqual([]);
      });
    });
  });
}
