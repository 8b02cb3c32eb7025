import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Server } from '@caissa/testing/s3-server';
import { sendObject } from '@caissa/testing/send-object';
import { makeBucket } from '@caissa/testing/test-bucket';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../object-store/object-store.js';
import type { ModelSource } from './model-store.js';
import { S3ModelStore } from './s3-model-store.js';

const MIB = 1 << 20;
const content = Buffer.alloc(32 * MIB + 5);
for (let at = 0; at < content.length; at++) content[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 0xff;

let server: S3Server;
let objects: ObjectStore;
let store: S3ModelStore;
let spoolFolder: string;
let source: ModelSource;

beforeAll(async () => {
  server = await S3Server.start();
  spoolFolder = await mkdtemp(join(tmpdir(), 'caissa-spool-'));
  objects = await makeBucket(server.endpoint);
  store = await S3ModelStore.open(objects, { spoolFolder });
});

afterAll(async () => {
  objects.close();
  await server.stop();
  await rm(spoolFolder, { recursive: true });
});

beforeEach(async () => {
  await sendObject(objects, 'models/a.pt', content);
  source = await store.open('a');
  server.sentBytes = 0;
  server.requests.length = 0;
});

afterEach(async () => {
  server.decide = () => 'answer';
  await source.close();
});

async function expectRead(offset: number, length: number): Promise<void> {
  const target = Buffer.alloc(length);
  await source.readInto(target, offset);
  expect(target.equals(content.subarray(offset, offset + length))).toBe(true);
}

/** Reads everything, a MiB at a time. */
async function readThrough(): Promise<void> {
  for (let at = 0; at < content.length; at += MIB) await expectRead(at, Math.min(MIB, content.length - at));
}

describe('a checkpoint in a bucket', () => {
  it('is read through in few requests, and no byte of it is fetched twice', async () => {
    await readThrough();
    expect(server.sentBytes).toBe(content.length);
    expect(server.requests.length).toBeLessThanOrEqual(12);
    await readThrough();
    await expectRead(0, content.length);
    expect(server.sentBytes).toBe(content.length);
  });

  it('costs little where little is read', async () => {
    const headers = Array.from({ length: 30 }, (_, index) => index * MIB + 123);
    await Promise.all(headers.map((offset) => expectRead(offset, 60)));
    await expectRead(content.length - 22, 22);
    expect(server.sentBytes).toBeLessThan(0.02 * content.length);
  });

  it('that is asked for in many places at once is fetched along the way', async () => {
    const reads = Array.from({ length: 200 }, (_, index) => expectRead(5 * MIB + index * 5_000, 100));
    await Promise.all(reads);
    expect(server.requests).toHaveLength(1);
  });

  it('is read on where a connection broke off', async () => {
    let answers = 0;
    server.decide = ({ method }) => (method === 'GET' && answers++ % 2 === 0 ? 'cut-answer' : 'answer');
    await readThrough();
    expect(answers).toBeGreaterThan(10);
    expect(server.sentBytes).toBeLessThan(content.length);
  });

  it('is read though the store is busy now and then', async () => {
    let answers = 0;
    server.decide = () => (answers++ % 3 === 0 ? 503 : 'answer');
    await expectRead(MIB, 3 * MIB);
  });

  it('cannot be read while the store is away, and can be when it is back', async () => {
    server.decide = () => 'cut';
    await expect(source.readInto(Buffer.alloc(10), 0)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
    expect(await source.isUnchanged()).toBe(true);
    server.decide = () => 'answer';
    await expectRead(0, 10);
  });

  it.each([
    ['replaced', () => sendObject(objects, 'models/a.pt', Buffer.alloc(content.length))],
    ['removed', () => objects.remove(['models/a.pt'])],
  ])('that was %s is read no more, but what was fetched stays', async (_how, change) => {
    await expectRead(100, 50);
    await change();
    await expect(source.readInto(Buffer.alloc(MIB), 20 * MIB)).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      retryable: true,
      message: expect.stringMatching(/^a\.pt /),
    });
    expect(await source.isUnchanged()).toBe(false);
    await expectRead(100, 50);
  });

  it('that is closed while it is read ahead asks for nothing more', async () => {
    await expectRead(0, MIB);
    await source.close();
    const { length } = server.requests;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.requests).toHaveLength(length);
    source = await store.open('a');
  });
});
