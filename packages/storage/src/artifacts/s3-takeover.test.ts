import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@caissa/shared/errors';
import { begin, held, list, manifestDraft, ONNX, publish } from '@caissa/testing/publish-artifact';
import { expect, test } from 'vitest';
import { memoryObjects } from '../../test-support/memory-objects.js';
import type { ObjectStore } from '../object-store/object-store.js';
import { S3ArtifactStore } from './s3-artifact-store.js';

/** A store that tells of open uploads only to who names the whole key, as MinIO does. */
function tellingOfWholeKeys(objects: ObjectStore): ObjectStore {
  return {
    ...objects,
    async *listUploads(prefix) {
      for await (const upload of objects.listUploads(prefix)) if (upload.key === prefix) yield upload;
    },
  };
}

test('who takes a job over ends its attempt also where a store tells of uploads by their whole keys alone', async () => {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'caissa-takeover-'));
  const { objectStore } = memoryObjects(async () => {});
  const objects = tellingOfWholeKeys(objectStore);
  const open = () => new S3ArtifactStore({ objects, spoolFolder, presignedDownloads: false });
  await publish(open(), 'job-0');
  let confirmations = 0;
  const draft = await begin(open(), 'job-1', async () => {
    if (++confirmations > 1) throw new AppError('JOB_LOST', 'Another worker has this job now.');
    // It is held up right after it was told that it has the job.
    expect(await open().takeOver('job-1', ONNX, held)).toBeUndefined();
  });
  await draft.write(Buffer.from('x'));
  await expect(draft.commit(ONNX, () => manifestDraft('job-1'))).rejects.toMatchObject({ code: 'JOB_LOST' });
  await draft.abort();
  await publish(open(), 'job-1');
  expect((await list(open())).map(({ job_id }) => job_id)).toEqual(['job-0', 'job-1']);
  await rm(spoolFolder, { recursive: true });
});
