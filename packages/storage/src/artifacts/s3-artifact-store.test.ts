import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { S3Server } from '@caissa/testing/s3-server';
import { makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, beforeAll, describe, expect, inject } from 'vitest';
import { artifactStoreContract } from './artifact-store.contract.js';
import { S3ArtifactStore } from './s3-artifact-store.js';

const running = inject('s3Endpoint');
let server: S3Server | undefined;

beforeAll(async () => {
  if (running === '') server = await S3Server.start();
});
afterAll(() => server?.stop());

describe('the contract of every store', () => {
  artifactStoreContract(
    async () => {
      const spoolFolder = join(await mkdtemp(join(tmpdir(), 'caissa-spool-')), 'drafts');
      const objects = await makeBucket(server?.endpoint ?? running);
      const store = new S3ArtifactStore({ objects, spoolFolder, presignedDownloads: false });
      return {
        store,
        remove: async () => {
          objects.close();
          // Whatever became of them, no draft is left.
          expect(await readdir(spoolFolder).catch(() => [])).toEqual([]);
          await rm(dirname(spoolFolder), { recursive: true });
        },
      };
    },
    { outlivesRemoval: false },
  );
});
