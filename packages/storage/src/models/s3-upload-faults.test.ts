import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type S3Request, S3Server } from '@caissa/testing/s3-server';
import { keysOf, makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../object-store/object-store.js';
import { S3ModelStore } from './s3-model-store.js';

const LIMIT_BYTES = 1 << 30;
/** Three parts. */
const content = Buffer.alloc(20_000_000, 'content');

let server: S3Server;
let objects: ObjectStore;
let store: S3ModelStore;
let spoolFolder: string;

beforeAll(async () => {
  server = await S3Server.start();
  spoolFolder = await mkdtemp(join(tmpdir(), 'caissa-spool-'));
});

beforeEach(async () => {
  objects = await makeBucket(server.endpoint);
  store = await S3ModelStore.open(objects, { spoolFolder });
});

afterEach(() => {
  server.decide = () => 'answer';
  objects.close();
});

afterAll(async () => {
  await server.stop();
  await rm(spoolFolder, { recursive: true });
});

const receive = (bytes: Uint8Array) => store.receive(Readable.from([bytes]), LIMIT_BYTES);
const isPart = ({ method, query }: S3Request) => method === 'PUT' && query.has('partNumber');
const isCompletion = ({ method, query }: S3Request) => method === 'POST' && query.has('uploadId');
const unavailable = { code: 'STORE_UNAVAILABLE', retryable: true };

describe('an upload to a bucket', () => {
  it.each(['2', '3'])('of which part %s is not taken leaves nothing', async (part) => {
    server.decide = (request) => (isPart(request) && request.query.get('partNumber') === part ? 'cut' : 'answer');
    await expect(receive(content)).rejects.toMatchObject(unavailable);
    expect([await keysOf(objects), server.uploads]).toEqual([[], []]);
  });

  it('that cannot be completed leaves nothing', async () => {
    server.decide = (request) => (isCompletion(request) ? 503 : 'answer');
    await expect(receive(content)).rejects.toMatchObject(unavailable);
    expect([await keysOf(objects), server.uploads]).toEqual([[], []]);
  });

  it('is there though the answer to its completion was lost', async () => {
    let completions = 0;
    server.decide = (request) => (isCompletion(request) && completions++ === 0 ? 'cut-after' : 'answer');
    expect(await receive(content)).toMatchObject({ sizeBytes: content.length });
    expect([(await keysOf(objects)).length, server.uploads]).toEqual([1, []]);
  });

  it('becomes a model though the answer was lost, and though a part was refused at first', async () => {
    const received = await receive(Buffer.from('x'));
    let [parts, completions] = [0, 0];
    server.decide = (request) => {
      if (isPart(request) && parts++ === 0) return 503;
      return isCompletion(request) && completions++ === 0 ? 'cut-after' : 'answer';
    };
    const identity = await store.publish(received, 'a');
    expect((await store.find('a')).identity).toBe(identity);
    expect(server.uploads).toEqual([]);
  });

  it('does not become a model if another one of its size was there when the answer was lost', async () => {
    const received = await receive(Buffer.from('x'));
    server.decide = (request) => {
      if (!isCompletion(request)) return 'answer';
      // Between the look and the completion somebody else is faster, and our upload is lost.
      server.decide = () => 'answer';
      return 404;
    };
    const other = objects.put('models/a.pt', 'y');
    await expect(Promise.all([store.publish(received, 'a'), other])).rejects.toMatchObject({ code: 'MODEL_EXISTS' });
    expect(await objects.getText('models/a.pt')).toBe('y');
    expect(server.uploads).toEqual([]);
  });

  it('does not become a model while the store is away, and does when it is back', async () => {
    const received = await receive(Buffer.from('x'));
    server.decide = ({ key }) => (key.includes('models/') ? 'cut' : 'answer');
    await expect(store.publish(received, 'a')).rejects.toMatchObject(unavailable);
    server.decide = () => 'answer';
    expect(await store.names()).toEqual([]);
    await store.publish(received, 'a');
    expect(await store.names()).toEqual(['a']);
  });

  it('that nobody aborted is swept away in time', async () => {
    server.decide = ({ method }) => (method === 'DELETE' ? 'cut' : 'answer');
    const broken = Readable.from(
      (function* () {
        yield content;
        throw new Error('the client is gone');
      })(),
    );
    await expect(store.receive(broken, LIMIT_BYTES)).rejects.toThrow('the client is gone');
    server.decide = () => 'answer';
    expect(server.uploads).toHaveLength(1);
    await store.sweep(new Set());
    expect(server.uploads).toHaveLength(1);
    await store.sweep(new Set(), Date.now() + 25 * 3_600_000);
    expect(server.uploads).toEqual([]);
  });
});
