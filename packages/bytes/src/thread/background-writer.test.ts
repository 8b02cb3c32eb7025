import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Piece, totalBytes } from '../byte-io.js';
import { BackgroundWriter } from './background-writer.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const shared = (bytes: Uint8Array) => {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
};

let folder: string;
const handles: FileHandle[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-writer-'));
});

afterEach(async () => {
  for (const handle of handles.splice(0)) await handle.close();
  await rm(folder, { recursive: true });
});

async function opened(name: string, flags: string): Promise<number> {
  const handle = await open(join(folder, name), flags);
  handles.push(handle);
  return handle.fd;
}

const append = (writer: BackgroundWriter, pieces: readonly Piece[]) => writer.append(pieces, totalBytes(pieces));

describe('a background writer', () => {
  it('writes bytes and ranges of files in order, and gives the digest of the whole', async () => {
    const source = randomBytes(3_000_001);
    await writeFile(join(folder, 'source'), source);
    const descriptor = await opened('source', 'r');
    const writer = new BackgroundWriter(await opened('target', 'wx+'));
    const large = randomBytes(700_000);
    const appended = [
      append(writer, [
        Buffer.from('head'),
        { descriptor, offsetBytes: 5, lengthBytes: 2_000_000 },
        { descriptor, offsetBytes: 0, lengthBytes: 0 },
        shared(large),
      ]),
      append(writer, []),
      append(writer, [{ descriptor, offsetBytes: 2_000_001, lengthBytes: 1_000_000 }, Buffer.from('tail')]),
    ];
    await Promise.all(appended);
    const expected = Buffer.concat([
      Buffer.from('head'),
      source.subarray(5, 2_000_005),
      large,
      source.subarray(2_000_001),
      Buffer.from('tail'),
    ]);
    expect(await writer.finish()).toBe(sha256(expected));
    expect((await readFile(join(folder, 'target'))).equals(expected)).toBe(true);
  });

  it('keeps several files apart, also empty ones', async () => {
    const sizes = [0, 1, 4_096, 900_000, 3_000_001];
    const digests = await Promise.all(
      sizes.map(async (size) => {
        const bytes = randomBytes(size);
        const writer = new BackgroundWriter(await opened(`target-${size}`, 'wx+'));
        for (let at = 0; at < size; at += 700_000) void append(writer, [bytes.subarray(at, at + 700_000)]);
        const last = append(writer, []);
        await last;
        return [await writer.finish(), sha256(bytes)];
      }),
    );
    for (const [actual, expected] of digests) expect(actual).toBe(expected);
  });

  it('does not need plain memory once append has begun, and shared memory once it has settled', async () => {
    const writer = new BackgroundWriter(await opened('target', 'wx+'));
    const plain = Buffer.alloc(300_000, 1);
    const appended = append(writer, [plain]);
    plain.fill(9);
    await appended;
    const memory = shared(Buffer.alloc(300_000, 2));
    await append(writer, [memory]);
    memory.fill(9);
    expect(await writer.finish()).toBe(sha256(Buffer.concat([Buffer.alloc(300_000, 1), Buffer.alloc(300_000, 2)])));
  });

  it('says where a file ended before its range did, and can be abandoned then', async () => {
    await writeFile(join(folder, 'source'), randomBytes(1_000));
    const descriptor = await opened('source', 'r');
    const writer = new BackgroundWriter(await opened('target', 'wx+'));
    const failed = append(writer, [{ descriptor, offsetBytes: 10, lengthBytes: 2_000 }]);
    await expect(failed).rejects.toMatchObject({ code: 'ZIP_TRUNCATED', offset: 1_000 });
    await writer.abandon();
  });

  it('gives the error of the system, and goes on with the next file', async () => {
    await writeFile(join(folder, 'target'), '');
    const readOnly = new BackgroundWriter(await opened('target', 'r'));
    await expect(append(readOnly, [Buffer.from('x')])).rejects.toMatchObject({ code: 'EBADF' });
    await readOnly.abandon();
    const writer = new BackgroundWriter(await opened('next', 'wx+'));
    await append(writer, [Buffer.from('x')]);
    expect(await writer.finish()).toBe(sha256(Buffer.from('x')));
  });

  it.skipIf(process.platform !== 'linux')('says that a disk is full, as Linux can be made to', async () => {
    const full = await open('/dev/full', 'r+');
    handles.push(full);
    const writer = new BackgroundWriter(full.fd);
    await expect(append(writer, [Buffer.alloc(1_000_000)])).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'write' });
    await writer.abandon();
  });

  it('has no digest of a file that cannot be read back', async () => {
    const writer = new BackgroundWriter(await opened('target', 'wx'));
    await append(writer, [Buffer.from('x')]);
    await expect(writer.finish()).rejects.toMatchObject({ code: 'EBADF' });
  });
});
