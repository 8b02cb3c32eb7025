import { expect, test } from 'vitest';
import { memoryObjects } from '../../test-support/memory-objects.js';
import { objectKey } from './s3-layout.js';
import { sweepObjects } from './s3-sweep.js';

test('a job that is done once more while a bucket is swept keeps what it writes', async () => {
  const written = objectKey('job-1.b', 'artifact');
  let isRetried = false;
  const { objectStore, keys } = memoryObjects(async (what) => {
    if (what !== 'lists exports/objects/') return;
    isRetried = true;
    await objectStore.put(written, 'x');
  });
  const left = await objectStore.beginUpload(objectKey('job-1.a', 'artifact'));
  expect(await sweepObjects(objectStore, async () => isRetried)).toEqual([left.key]);
  expect(keys()).toEqual([written]);
});
