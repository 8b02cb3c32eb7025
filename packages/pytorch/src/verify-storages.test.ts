import { BufferSource } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { fixtureBytes, readFixture } from '../test-support/fixtures.js';
import { refusal } from '../test-support/small-checkpoint.js';
import { readCheckpoint } from './read-checkpoint.js';
import { verifyStorages } from './verify-storages.js';

describe('verifyStorages', () => {
  it('passes real files, and those that state no CRCs', async () => {
    for (const name of ['checkpoint.pt', 'training.pt', 'checkpoint_legacy.pt']) {
      await verifyStorages((await readFixture('2.13', name)).storages.values());
    }
  });

  it('finds one changed bit of a weight, and names the storage', async () => {
    const bytes = fixtureBytes('2.13', 'checkpoint.pt');
    const storage = (await readFixture('2.13', 'checkpoint.pt')).storages.get('14');
    const at = (storage?.offsetBytes ?? 0) + 40;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { storages } = await readCheckpoint(new BufferSource(bytes));
    await expect(verifyStorages(storages.values())).rejects.toMatchObject({
      code: 'ZIP_CRC',
      entry: 'data/14',
      message: expect.stringMatching(/^"data\/14" is damaged/),
    });
  });

  it('finds storages of files whose end is missing, and can be cancelled', async () => {
    const storage = {
      key: '0',
      dtype: 'uint8',
      sizeBytes: 9,
      source: new BufferSource(new Uint8Array(5)),
      offsetBytes: 0,
      crc32: 1,
    } as const;
    expect(await refusal(verifyStorages([storage]))).toBe('ZIP_TRUNCATED');
    await expect(verifyStorages([storage], AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  });
});
