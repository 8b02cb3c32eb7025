import { expect, it, vi } from 'vitest';
import { memoryObjects } from '../../test-support/memory-objects.js';
import { sweepBucket, uploadKeyOf } from './s3-uploads.js';
import { newUploadName } from './upload.js';

it('uploads to a bucket age by the clock of the store, not by that of this machine', async () => {
  const { objectStore, keys } = memoryObjects(async () => {});
  const key = uploadKeyOf(newUploadName());
  await objectStore.put(key, 'x');
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 30 * 24 * 3_600_000);
  expect(await sweepBucket(objectStore, new Set())).toEqual([]);
  expect(keys()).toEqual([key]);
  vi.restoreAllMocks();
});
