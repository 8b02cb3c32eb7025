import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Server } from './s3-server.js';
import { sendObject } from './send-object.js';
import { bucketSettings, makeBucket } from './test-bucket.js';

/** An object store of its own, a bucket in it, and a data folder beside it. */
export type ModelBucket = Awaited<ReturnType<typeof startModelBucket>>;

/** Starts a store for a test; `stop` ends it and removes the folder. */
export async function startModelBucket() {
  const server = await S3Server.start();
  const objects = await makeBucket(server.endpoint);
  const dataDir = await mkdtemp(join(tmpdir(), 'caissa-bucket-'));
  return {
    server,
    objects,
    /** What services are to be told. */
    settings: bucketSettings(server.endpoint, objects.addressOf('')),
    dataDir,
    /** Puts a checkpoint where models lie, as training does. */
    putModel: (name: string, content: string | Uint8Array) => sendObject(objects, `models/${name}.pt`, content),
    removeModel: (name: string) => objects.remove([`models/${name}.pt`]),
    async stop(): Promise<void> {
      objects.close();
      await server.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}
