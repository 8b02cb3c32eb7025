import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BufferSource, type ByteSink, type ByteSource, FileSource } from '@caissa/bytes';
import { fromJson, isTensor, OrderedDict, PyDict, readCheckpoint, writeCheckpoint } from '@caissa/pytorch';
import { readFloat32, type Tensor } from '@caissa/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const GIB = 2 ** 30;
const HUGE_BYTES = 4 * GIB + 4096;

/** Zeros that take no memory. */
const zeros: ByteSource = {
  sizeBytes: HUGE_BYTES,
  async readInto(target) {
    target.fill(0);
  },
};

function tensor(key: string, source: ByteSource): Tensor & { storage: { crc32: number } } {
  const count = source.sizeBytes / 4;
  const storage = { key, dtype: 'float32', sizeBytes: source.sizeBytes, source, offsetBytes: 0, crc32: 1 } as const;
  return { storage, dtype: 'float32', offset: 0, shape: [count], stride: [1] };
}

const EMPTY = Buffer.alloc(4 << 20);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-huge-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes a file that has holes where the bytes are zeros. */
async function writeSparse(path: string, write: (sink: ByteSink) => Promise<{ sizeBytes: number }>): Promise<void> {
  const handle = await open(path, 'w');
  let end = 0;
  const { sizeBytes } = await write({
    async write(chunk) {
      const at = end;
      end += chunk.length;
      if (!EMPTY.subarray(0, chunk.length).equals(chunk)) await handle.write(chunk, 0, chunk.length, at);
    },
  });
  await handle.truncate(sizeBytes);
  await handle.close();
}

describe('a checkpoint whose offsets do not fit into 32 bits', () => {
  it('is written to a file and read back from it', async () => {
    const path = join(folder, 'huge.pt');
    const behind = new Uint8Array(Float32Array.of(1.5, -2.5, 3.5).buffer);
    const stateDict = new OrderedDict();
    stateDict.set('huge', tensor('0', zeros));
    stateDict.set('behind', tensor('1', new BufferSource(behind)));
    const root = new PyDict([
      ['model_state_dict', stateDict],
      ['metadata', fromJson({ version: 1 })],
    ]);
    await writeSparse(path, (sink) => writeCheckpoint(sink, root, { storagesVerified: true }));

    const source = await FileSource.open(path);
    try {
      expect(source.sizeBytes).toBeGreaterThan(HUGE_BYTES);
      const { root: found } = await readCheckpoint(source);
      const weights = found instanceof PyDict ? found.get('model_state_dict') : undefined;
      const [huge, last] = ['huge', 'behind'].map((name) =>
        weights instanceof PyDict ? weights.get(name) : undefined,
      );
      if (huge === undefined || last === undefined || !isTensor(huge) || !isTensor(last)) throw new Error('not found');
      expect(huge.storage.sizeBytes).toBe(HUGE_BYTES);
      expect(last.storage.offsetBytes).toBeGreaterThan(4 * GIB);
      expect([...(await readFloat32(last))]).toEqual([1.5, -2.5, 3.5]);
    } finally {
      await source.close();
    }
  }, 120_000);
});
