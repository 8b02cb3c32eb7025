import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileDigest } from './file-digest.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-digest-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a digest behind a writer', () => {
  it('is that of all bytes, however they came', async () => {
    const digests = await Promise.all(
      [0, 1, 4_096, 3_000_001].map(async (size) => {
        const bytes = randomBytes(size);
        const handle = await open(join(folder, `${size}`), 'wx+');
        const digest = new FileDigest(handle.fd);
        for (let at = 0; at < size; at += 700_000) {
          await handle.write(bytes, at, Math.min(700_000, size - at), at);
          digest.advance(Math.min(at + 700_000, size));
        }
        const sha256 = await digest.finish(size);
        await handle.close();
        return [sha256, createHash('sha256').update(bytes).digest('hex')];
      }),
    );
    for (const [sha256, expected] of digests) expect(sha256).toBe(expected);
  });

  it('fails if the file is shorter than it should be, and others go on', async () => {
    const handle = await open(join(folder, 'short'), 'wx+');
    await handle.write('abc');
    await expect(new FileDigest(handle.fd).finish(4)).rejects.toThrow('shorter');
    await expect(new FileDigest(handle.fd).finish(3)).resolves.toBe(createHash('sha256').update('abc').digest('hex'));
    await handle.close();
  });
});
