import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileSource } from './file-source.js';

const content = Buffer.alloc(300_000);
for (let i = 0; i < content.length; i++) content[i] = (i * 31 + (i >> 8)) & 0xff;

/** Node cannot make a FIFO itself. */
const MAKE_PIPE = 'mkfifo';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-source-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function withSource<T>(name: string, use: (source: FileSource, path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name);
  await writeFile(path, content);
  const source = await FileSource.open(path);
  try {
    return await use(source, path);
  } finally {
    await source.close();
  }
}

describe('FileSource', () => {
  it('reads any range, small and large, many at once', async () => {
    await withSource('ranges', async (source) => {
      expect(source.sizeBytes).toBe(content.length);
      const ranges = [
        [0, 0],
        [0, 10],
        [65_530, 20],
        [65_536, 16_384],
        [1, 200_000],
        [299_990, 10],
        [131_000, 1_000],
      ] as const;
      const reads = Array.from({ length: 40 }).flatMap(() => ranges);
      await Promise.all(
        reads.map(async ([offset, length]) => {
          const target = Buffer.alloc(length);
          await source.readInto(target, offset);
          expect(target.equals(content.subarray(offset, offset + length))).toBe(true);
        }),
      );
    });
  });

  it('reads ranges with gaps between them, asked for at once', async () => {
    await withSource('gaps', async (source) => {
      const reads = [4_096, 40_000, 100_000, 200_100].map((offset) => ({ offset, target: Buffer.alloc(30_000) }));
      reads.push({ offset: 70_064, target: Buffer.alloc(29_900) });
      await Promise.all(reads.map(({ target, offset }) => source.readInto(target, offset)));
      for (const { target, offset } of reads) {
        expect(target.equals(content.subarray(offset, offset + target.length))).toBe(true);
      }
    });
  });

  it('refuses all ranges that it reads together if the file became shorter', async () => {
    await withSource('shortened', async (source, path) => {
      await truncate(path, 45_000);
      const reads = [0, 30_064, 60_128].map((offset) => source.readInto(Buffer.alloc(30_000), offset));
      for (const { status } of await Promise.allSettled(reads)) expect(status).toBe('rejected');
      await expect(reads[2]).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
    });
  });

  it('reads small ranges all over a file that has more pages than it keeps', async () => {
    const path = join(folder, 'large');
    await writeFile(path, Buffer.concat(Array.from({ length: 20 }, () => content)));
    const source = await FileSource.open(path);
    const target = Buffer.alloc(8);
    for (const offset of Array.from({ length: 200 }, (_, index) => (index * 1_234_567) % (content.length * 20 - 8))) {
      await source.readInto(target, offset);
      const at = offset % content.length;
      const expected = Buffer.concat([content.subarray(at, at + 8), content]).subarray(0, 8);
      expect(target.equals(expected)).toBe(true);
    }
    await source.close();
  });

  it.each([
    [-1, 4],
    [300_000, 1],
    [299_999, 2],
    [0, 300_001],
  ])('refuses a range outside the file: %d, %d', async (offset, length) => {
    await withSource('outside', async (source) => {
      await expect(source.readInto(Buffer.alloc(length), offset)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
    });
  });

  it('says so when the file becomes shorter', async () => {
    await withSource('shorter', async (source, path) => {
      await truncate(path, 100);
      await expect(source.readInto(Buffer.alloc(10), 200)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
      await expect(source.readInto(Buffer.alloc(100_000), 0)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
    });
  });

  it('notices a change of size or time, and none where there is none', async () => {
    await withSource('same', async (source) => expect(await source.isUnchanged()).toBe(true));
    await withSource('appended', async (source, path) => {
      await appendFile(path, 'x');
      expect(await source.isUnchanged()).toBe(false);
    });
    await withSource('touched', async (source, path) => {
      await utimes(path, new Date(1e12), new Date(1e12));
      expect(await source.isUnchanged()).toBe(false);
    });
  });

  it('follows a symbolic link to a file, and knows it as that file', async () => {
    await withSource('target', async (source, path) => {
      await symlink(path, join(folder, 'link'));
      const linked = await FileSource.open(join(folder, 'link'));
      expect(linked.identity).toEqual(source.identity);
      await linked.close();
    });
  });

  it('refuses what is no regular file, without waiting for it', async () => {
    const names = ['folder.pt', 'pipe.pt', 'socket.pt', 'link-to-folder.pt'].map((name) => join(folder, name));
    const [directory = '', pipe = '', socket = '', link = ''] = names;
    await mkdir(directory);
    execFileSync(MAKE_PIPE, [pipe]);
    const server = createServer().listen(socket);
    await symlink(directory, link);
    for (const path of [...names, '/dev/null']) {
      await expect(FileSource.open(path)).rejects.toMatchObject({ name: 'FormatError', code: 'NOT_A_CHECKPOINT' });
    }
    server.close();
  });

  it('leaves a missing file to the caller', async () => {
    await expect(FileSource.open(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
