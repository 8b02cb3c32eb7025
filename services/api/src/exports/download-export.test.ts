import { createHash, randomBytes } from 'node:crypto';
import { rm, truncate } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import type { Manifest } from '@caissa/storage';
import { eventually } from '@caissa/testing/eventually';
import JSZip from 'jszip';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

const BYTES = randomBytes(300_000);
const TAG = `"${createHash('sha256').update(BYTES).digest('hex')}"`;

let api: TestApi;
let onnx: Manifest;
let pytorch: Manifest;

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
  onnx = await api.addExport('model_v1_export_20251007_031138', 'onnx', BYTES);
  pytorch = await api.addExport('model_v1_export_20251007_031139', 'pytorch', BYTES);
});

afterAll(() => api.close());

const download = (filename: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${api.url}/api/model/download/${filename}`, { headers, method });

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('a whole file', () => {
  it('comes with length, digest and name', async () => {
    const response = await download(pytorch.filename);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '300000',
      etag: TAG,
      'accept-ranges': 'bytes',
      'content-disposition': `attachment; filename="${pytorch.filename}"`,
      'cache-control': 'private, max-age=31536000, immutable',
    });
    expect((await bytesOf(response)).equals(BYTES)).toBe(true);
  });

  it('answers HEAD alike, without the bytes', async () => {
    const response = await download(onnx.filename, { Range: 'bytes=0-9' }, 'HEAD');
    expect([response.status, response.headers.get('Content-Length')]).toEqual([200, '300000']);
    expect(response.headers.get('ETag')).toBe(TAG);
    expect((await bytesOf(response)).length).toBe(0);
  });

  it('may be the metadata of an ONNX model', async () => {
    const response = await download(onnx.metadata_file?.filename ?? '');
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual(onnx.metadata);
  });

  it('is not found under other names', async () => {
    for (const name of ['nothing.pt', `${onnx.filename}.manifest.json`, 'model_v1_export_20251007_031139.json']) {
      const response = await download(name);
      expect([response.status, await codeOf(response)]).toEqual([404, 'EXPORT_NOT_FOUND']);
      expect((await download(name, {}, 'HEAD')).status).toBe(404);
    }
  });
});

describe('a range', () => {
  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=299990-', 299_990, 300_000],
    ['bytes=-5', 299_995, 300_000],
    ['bytes=100-400000', 100, 300_000],
  ])('%s', async (range, start, end) => {
    const response = await download(onnx.filename, { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get('Content-Range')).toBe(`bytes ${start}-${end - 1}/300000`);
    expect(response.headers.get('Content-Length')).toBe(String(end - start));
    expect((await bytesOf(response)).equals(BYTES.subarray(start, end))).toBe(true);
  });

  it('outside the file is refused with its size', async () => {
    const response = await download(onnx.filename, { Range: 'bytes=300000-' });
    expect([response.status, response.headers.get('Content-Range')]).toEqual([416, 'bytes */300000']);
    expect(response.headers.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
    expect(await codeOf(response)).toBe('RANGE_NOT_SATISFIABLE');
  });

  it.each(['bytes=5-2', 'bytes=0-1,5-6', 'rows=0-5'])('%s is ignored', async (range) => {
    const response = await download(onnx.filename, { Range: range });
    expect([response.status, (await bytesOf(response)).length]).toEqual([200, 300_000]);
  });

  it('counts only if If-Range names this very file', async () => {
    const statusWith = async (ifRange: string) => {
      const response = await download(onnx.filename, { Range: 'bytes=0-9', 'If-Range': ifRange });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await statusWith(TAG)).toBe(206);
    expect(await statusWith('"other"')).toBe(200);
    expect(await statusWith(`W/${TAG}`)).toBe(200);
    expect(await statusWith(new Date(0).toUTCString())).toBe(200);
    expect(await statusWith((await download(onnx.filename, {}, 'HEAD')).headers.get('Last-Modified') ?? '')).toBe(206);
  });
});

describe('If-None-Match', () => {
  it('saves a client what it has', async () => {
    for (const method of ['GET', 'HEAD']) {
      for (const tags of [TAG, `"x", W/${TAG}`, '*']) {
        const response = await download(onnx.filename, { 'If-None-Match': tags, Range: 'bytes=0-9' }, method);
        expect([response.status, response.headers.get('ETag')]).toEqual([304, TAG]);
      }
    }
    expect((await download(onnx.filename, { 'If-None-Match': '"x"' })).status).toBe(200);
  });
});

describe('the other conditions', () => {
  it('refuse another file than was asked for, and save what has not changed', async () => {
    for (const method of ['GET', 'HEAD']) {
      const statusWith = async (headers: Record<string, string>) => {
        const response = await download(onnx.filename, headers, method);
        await response.arrayBuffer();
        return response.status;
      };
      const time = (await download(onnx.filename, {}, 'HEAD')).headers.get('Last-Modified') ?? '';
      expect(Date.parse(time)).toBeGreaterThan(Date.now() - 3_600_000);
      expect(await statusWith({ 'If-Match': TAG, 'If-Modified-Since': new Date(0).toUTCString() })).toBe(200);
      expect(await statusWith({ 'If-Match': '"other"', Range: 'bytes=0-9' })).toBe(412);
      expect(await statusWith({ 'If-Unmodified-Since': new Date(0).toUTCString() })).toBe(412);
      expect(await statusWith({ 'If-Modified-Since': time })).toBe(304);
    }
    expect(await codeOf(await download(onnx.filename, { 'If-Match': '"other"' }))).toBe('PRECONDITION_FAILED');
  });
});

describe('a bundle', () => {
  it.each(['onnx', 'pytorch'] as const)('holds the %s export and its metadata, not compressed', async (format) => {
    const manifest = format === 'onnx' ? onnx : pytorch;
    const response = await download(`${manifest.filename}?bundle=zip`);
    const stem = manifest.filename.replace(/\.\w+$/, '');
    expect(response.headers.get('Content-Type')).toBe('application/zip');
    expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="${stem}.zip"`);
    const body = await bytesOf(response);
    const zip = await JSZip.loadAsync(body, { checkCRC32: true });
    expect(Object.keys(zip.files)).toEqual([manifest.filename, `${stem}.json`]);
    expect((await zip.file(manifest.filename)?.async('nodebuffer'))?.equals(BYTES)).toBe(true);
    expect(JSON.parse((await zip.file(`${stem}.json`)?.async('string')) ?? '')).toEqual(manifest.metadata);
    expect(body.includes(BYTES)).toBe(true);
  });

  it('has headers for HEAD, and none of other kinds', async () => {
    const head = await download(`${onnx.filename}?bundle=zip`, {}, 'HEAD');
    expect([head.status, head.headers.get('Content-Type')]).toEqual([200, 'application/zip']);
    expect((await download(`${onnx.filename}?bundle=tar`)).status).toBe(400);
    expect((await download('nothing.pt?bundle=zip')).status).toBe(404);
  });
});

describe('trouble', () => {
  it('a file of another size is not sent', async () => {
    const manifest = await api.addExport('cut_export_20251007_031138', 'pytorch', BYTES);
    await truncate(join(api.exportsFolder, manifest.filename), 10);
    const response = await download(manifest.filename);
    expect([response.status, await codeOf(response)]).toEqual([500, 'ARTIFACT_DAMAGED']);
  });

  it('a removed file stays whole for those who began before', async () => {
    const big = randomBytes(20_000_000);
    const manifest = await api.addExport('big_export_20251007_031138', 'pytorch', big);
    const response = await download(manifest.filename);
    await rm(join(api.exportsFolder, manifest.filename));
    expect((await bytesOf(response)).equals(big)).toBe(true);
  });

  it('many who download at once get each their own bytes, whoever leaves meanwhile', async () => {
    const contents = [randomBytes(6_000_001), randomBytes(5_000_003)];
    const manifests = await Promise.all(
      contents.map((bytes, at) => api.addExport(`own${at}_export_20251007_031138`, 'pytorch', bytes)),
    );
    const whole = async (at: number) => {
      const bytes = await bytesOf(await download(manifests[at]?.filename ?? ''));
      return contents[at]?.equals(bytes);
    };
    const leave = async (at: number) => {
      const response = await download(manifests[at]?.filename ?? '');
      await response.body?.cancel();
      return true;
    };
    for (let round = 0; round < 3; round++) {
      const all = Array.from({ length: 16 }, (_, at) => (at % 4 < 2 ? whole(at % 2) : leave(at % 2)));
      expect((await Promise.all(all)).filter((right) => !right)).toEqual([]);
    }
  });

  it('a file that becomes shorter while it is sent does not end as if it were whole', async () => {
    const manifest = await api.addExport('shrunk_export_20251007_031138', 'pytorch', randomBytes(60_000_000));
    const response = await download(manifest.filename);
    await truncate(join(api.exportsFolder, manifest.filename), 10);
    await expect(bytesOf(response)).rejects.toThrow();
    expect((await download(onnx.filename)).status).toBe(200);
  });

  it.each(['', '?bundle=zip'])('a client that leaves lets go of the file%s', async (query) => {
    const manifest = await api.addExport(
      `left${query.length}_export_20251007_031138`,
      'pytorch',
      randomBytes(20_000_000),
    );
    let closed = 0;
    const { store } = api.context;
    const open = store.open.bind(store);
    store.open = async (filename) => {
      const file = await open(filename);
      return {
        ...file,
        read: (range) =>
          file.read(range).once('close', () => {
            closed++;
          }),
        close: () => {
          closed++;
          return file.close();
        },
      };
    };
    await new Promise<void>((resolve) => {
      const request = get(`${api.url}/api/model/download/${manifest.filename}${query}`, (response) => {
        response.once('data', () => {
          request.destroy();
          resolve();
        });
      });
    });
    await eventually('the file is closed', () => closed === 1);
    store.open = open;
  });
});
