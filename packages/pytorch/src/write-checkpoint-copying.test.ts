import { crc32 } from 'node:zlib';
import { BufferSource, type ByteSink, type ByteSource, FormatError } from '@caissa/bytes';
import type { Storage } from '@caissa/tensor';
import { describe, expect, it } from 'vitest';
import { refusal } from '../test-support/small-checkpoint.js';
import { storageOf, tensorOf, written } from '../test-support/written-checkpoint.js';
import { type PickleValue, PyDict } from './pickle-value.js';
import { readCheckpoint } from './read-checkpoint.js';
import { writeCheckpoint } from './write-checkpoint.js';

describe('copying', () => {
  const large = Float32Array.from({ length: 3_000_000 }, (_, index) => index);
  const pair = (storage: Storage): PickleValue => [
    tensorOf(storage, [10], [1]),
    tensorOf(storageOf(Int8Array.of(5), 'int8'), [1], [1]),
  ];

  it('brings large storages over block boundaries unchanged and reports progress to the last byte', async () => {
    const progress: [number, number][] = [];
    const bytes = await written(pair(storageOf(large)), { onProgress: (done, total) => progress.push([done, total]) });
    const { storages, root } = await readCheckpoint(new BufferSource(bytes));
    const copied = new Float32Array(large.length);
    const storage = storages.get('0');
    await storage?.source.readInto(new Uint8Array(copied.buffer), storage.offsetBytes);
    expect(Buffer.from(copied.buffer).equals(Buffer.from(large.buffer))).toBe(true);
    expect(root).toMatchObject([{ shape: [10] }, { dtype: 'int8' }]);
    expect(progress.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(progress.length).toBeGreaterThan(4);
    expect(progress.every(([done], index) => done > (progress[index - 1]?.[0] ?? 0))).toBe(true);
  });

  it('lets a sink that can read files copy verified storages, with the same bytes', async () => {
    const descriptor = 7;
    const [file, storage] = [new Uint8Array(large.buffer), storageOf(large)];
    const inFile = { ...storage, crc32: crc32(file), source: Object.assign(new BufferSource(file), { descriptor }) };
    const chunks: Uint8Array[] = [];
    let rangeBytes = 0;
    const sink: ByteSink = {
      write: () => expect.fail('not piece by piece'),
      async writePieces(pieces) {
        await new Promise((resolve) => setImmediate(resolve));
        for (const piece of pieces) {
          if (piece instanceof Uint8Array) {
            chunks.push(Buffer.from(piece));
          } else {
            expect(piece.descriptor).toBe(descriptor);
            chunks.push(file.subarray(piece.offsetBytes, piece.offsetBytes + piece.lengthBytes));
            rangeBytes += piece.lengthBytes;
          }
        }
      },
    };
    await writeCheckpoint(sink, pair(inFile), { storagesVerified: true });
    expect(Buffer.compare(Buffer.concat(chunks), await written(pair(storage)))).toBe(0);
    expect(rangeBytes).toBe(file.length);
    // Sums can be computed only of bytes that are seen.
    chunks.length = 0;
    rangeBytes = 0;
    await writeCheckpoint(sink, pair(inFile));
    expect(Buffer.compare(Buffer.concat(chunks), await written(pair(storage)))).toBe(0);
    expect(rangeBytes).toBe(0);
  });

  it('finds a storage that does not have the CRC its file states', async () => {
    const storage = storageOf(large);
    const right = crc32(new Uint8Array(large.buffer));
    expect(await refusal(written(pair({ ...storage, crc32: right })))).toBe('accepted');
    expect(await refusal(written(pair({ ...storage, crc32: right ^ 1 })))).toBe('ZIP_CRC');
  });

  it('takes over the CRCs of storages that were verified, and computes those that no file states', async () => {
    const values = new Float32Array([1, 2, 3]);
    const right = crc32(new Uint8Array(values.buffer));
    const pair = (storage: Storage) => new PyDict([['t', tensorOf(storage, [3], [1])]]);
    const trusted = await written(pair({ ...storageOf(values), crc32: right }), { storagesVerified: true });
    expect(trusted).toEqual(await written(pair(storageOf(values))));
    expect(await written(pair(storageOf(values)), { storagesVerified: true })).toEqual(trusted);
    const wrong = await written(pair({ ...storageOf(values), crc32: (right ^ 1) >>> 0 }), { storagesVerified: true });
    expect(wrong).not.toEqual(trusted);
  });

  it('finds one flipped bit in a real file', async () => {
    const bytes = await written(pair(storageOf(large)));
    const last = bytes.length - 2_000;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    const { root } = await readCheckpoint(new BufferSource(bytes));
    expect(await refusal(written(root))).toBe('ZIP_CRC');
  });

  it('reads ahead while a block is written, and never needs more than three blocks', async () => {
    let [open, most] = [0, 0];
    let reads = 0;
    const watched = storageOf(large);
    const source: ByteSource = {
      sizeBytes: watched.sizeBytes,
      readInto(target, offset) {
        reads++;
        return watched.source.readInto(target, offset);
      },
    };
    const readsAtWrite: number[] = [];
    const sink = {
      async write(): Promise<void> {
        readsAtWrite.push(reads);
        open++;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve, 20));
        open--;
      },
    };
    await writeCheckpoint(sink, pair({ ...watched, source }));
    expect(readsAtWrite[0]).toBeGreaterThan(1);
    expect(readsAtWrite.every((reads, index) => reads <= index + 3)).toBe(true);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(3);
  });

  it('ends reads and writes before it fails, with the error of the sink or the source', async () => {
    const storage = storageOf(large);
    let underWay = 0;
    const slow = async (): Promise<void> => {
      underWay++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay--;
    };
    const source: ByteSource = {
      sizeBytes: storage.sizeBytes,
      async readInto(_target, offset) {
        await slow();
        if (offset > 5e6) throw new FormatError('ZIP_TRUNCATED', 'cut');
      },
    };
    expect(await refusal(writeCheckpoint({ write: slow }, pair({ ...storage, source })))).toBe('ZIP_TRUNCATED');
    expect(underWay).toBe(0);
    const full = { write: () => slow().then(() => Promise.reject(new Error('ENOSPC'))) };
    await expect(writeCheckpoint(full, pair(storage))).rejects.toThrow('ENOSPC');
    expect(underWay).toBe(0);
  });

  it('stops at the next block when it is cancelled', async () => {
    const controller = new AbortController();
    let writes = 0;
    const sink = {
      async write(): Promise<void> {
        writes++;
        controller.abort(new Error('cancelled'));
      },
    };
    const attempt = writeCheckpoint(sink, pair(storageOf(large)), { signal: controller.signal });
    await expect(attempt).rejects.toThrow('cancelled');
    expect(writes).toBe(1);
  });
});
