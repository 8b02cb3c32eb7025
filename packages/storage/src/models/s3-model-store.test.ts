import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Server } from '@caissa/testing/s3-server';
import { sendObject } from '@caissa/testing/send-object';
import { keysOf, makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { describeModelStore } from './model-store.contract.js';
import { S3ModelStore } from './s3-model-store.js';

const running = inject('s3Endpoint');
let server: S3Server | undefined;

beforeAll(async () => {
  if (running === '') server = await S3Server.start();
});
afterAll(() => server?.stop());

describeModelStore('the model store in a bucket', async () => {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'caissa-spool-'));
  const objects = await makeBucket(server?.endpoint ?? running);
  return {
    store: await S3ModelStore.open(objects, { spoolFolder, pollMs: 20, copyPartBytes: 6 << 20 }),
    put: (filename, content) => sendObject(objects, `models/${filename}`, content),
    take: (filename) => objects.remove([`models/${filename}`]),
    everything: async () => {
      const keys = await keysOf(objects);
      for await (const { key } of objects.listUploads('')) keys.push(`open: ${key}`);
      return keys.map((key) => key.replace(/^(models|uploads)\//, ''));
    },
    close: async () => {
      expect(await readdir(spoolFolder)).toEqual([]);
      await rm(spoolFolder, { recursive: true });
      objects.close();
    },
  };
});
