import { createHash, randomBytes } from 'node:crypto';
import type { Manifest } from '@caissa/storage';
import { S3Server } from '@caissa/testing/s3-server';
import { bucketSettings, makeBucket } from '@caissa/testing/test-bucket';
import JSZip from 'jszip';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

const BYTES = randomBytes(300_000);
const TAG = `"${createHash('sha256').update(BYTES).digest('hex')}"`;

let server: S3Server;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.stop());

/** An API whose exports lie in a bucket of their own. */
async function startApi(presigned: boolean): Promise<TestApi> {
  const bucket = await makeBucket(server.endpoint);
  bucket.close();
  const settings = bucketSettings(server.endpoint, new URL('/exports/of/api', bucket.addressOf('')).href);
  return startTestApi(inject('redisUrl'), { ...settings, S3_PRESIGNED_DOWNLOADS: presigned });
}

describe.each([false, true])('exports in an object store, which clients are sent to: %s,', (presigned) => {
  let api: TestApi;
  let manifest: Manifest;

  beforeAll(async () => {
    api = await startApi(presigned);
    manifest = await api.addExport('model_v1_export_20251007_031138', 'onnx', BYTES);
  });
  afterAll(() => api.close());

  const download = (headers: Record<string, string> = {}, more: RequestInit = {}) =>
    fetch(`${api.url}/api/model/download/${manifest.filename}`, { headers, ...more });

  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

  it('come whole', async () => {
    const response = await download();
    expect([response.status, response.redirected]).toEqual([200, presigned]);
    expect(response.headers.get('content-length')).toBe('300000');
    expect((await bytesOf(response)).equals(BYTES)).toBe(true);
  });

  it('come in ranges', async () => {
    const response = await download({ range: 'bytes=100-199' });
    expect([response.status, response.redirected]).toEqual([206, presigned]);
    expect((await bytesOf(response)).equals(BYTES.subarray(100, 200))).toBe(true);
  });

  it('come whole if the range is of another file', async () => {
    const response = await download({ range: 'bytes=100-199', 'if-range': '"other"' });
    expect([response.status, response.redirected]).toEqual([200, false]);
    expect((await bytesOf(response)).equals(BYTES)).toBe(true);
  });

  it('tell size and digest, and that the client has them, without the store', async () => {
    const head = await download({}, { method: 'HEAD', redirect: 'manual' });
    expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([200, TAG, '300000']);
    expect((await download({ 'if-none-match': TAG }, { redirect: 'manual' })).status).toBe(304);
    expect((await download({ range: 'bytes=300000-' }, { redirect: 'manual' })).status).toBe(416);
  });

  it('are bundled', async () => {
    const response = await fetch(`${api.url}/api/model/download/${manifest.filename}?bundle=zip`, {
      redirect: 'error',
    });
    const zip = await JSZip.loadAsync(await bytesOf(response));
    expect((await zip.file(manifest.filename)?.async('nodebuffer'))?.equals(BYTES)).toBe(true);
  });

  it('answer 503 while the store is away, and 404 when they are gone', async () => {
    server.decide = () => 503;
    const response = await download();
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }]);
    server.decide = () => 'answer';
    const removal = await fetch(`${api.url}/api/model/exports/${manifest.filename}`, { method: 'DELETE' });
    expect(removal.status).toBe(200);
    expect((await download()).status).toBe(404);
  });
});

it('an address of the store is for one client and for now', async () => {
  const api = await startApi(true);
  try {
    const { filename } = await api.addExport('model_v1_export_20251007_031138', 'onnx', BYTES);
    const response = await fetch(`${api.url}/api/model/download/${filename}`, { redirect: 'manual' });
    expect([response.status, response.headers.get('cache-control')]).toEqual([307, 'private, no-store']);
    expect(response.headers.get('location')).toContain('X-Amz-Signature=');
  } finally {
    await api.close();
  }
});
