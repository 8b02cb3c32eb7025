import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportListSchema, removalSchema } from '@caissa/shared/contracts';
import type { Manifest } from '@caissa/storage';
import JSZip from 'jszip';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

const MODEL = randomBytes(500);
const DATA = randomBytes(300_000);
const STEM = 'model_v1_export_20251007_031138';

let api: TestApi;
let manifest: Manifest;

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
  manifest = await api.addExportWithData(STEM, MODEL, DATA);
});
afterAll(() => api.close());

const download = (filename: string, init: RequestInit = {}) => fetch(`${api.url}/api/model/download/${filename}`, init);
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

describe('an export with its data beside it', () => {
  it('is listed with both', async () => {
    const list = exportListSchema.parse(await (await fetch(`${api.url}/api/model/exports`)).json());
    expect(list.exports[0]).toMatchObject({
      filename: `${STEM}.onnx`,
      size_bytes: MODEL.length,
      data_filename: `${STEM}.onnx.data`,
      data_size_bytes: DATA.length,
      data_sha256: createHash('sha256').update(DATA).digest('hex'),
      metadata_filename: `${STEM}.json`,
    });
  });

  it('has its data downloaded like any file, in whole and in part', async () => {
    const name = `${STEM}.onnx.data`;
    const whole = await download(name);
    const tag = `"${manifest.data_file?.sha256}"`;
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      etag: tag,
      'content-length': String(DATA.length),
      'content-disposition': `attachment; filename="${name}"`,
      'content-type': 'application/octet-stream',
    });
    expect((await bytesOf(whole)).equals(DATA)).toBe(true);
    const part = await download(name, { headers: { Range: 'bytes=100-199', 'If-Range': tag } });
    expect(part.status).toBe(206);
    expect((await bytesOf(part)).equals(DATA.subarray(100, 200))).toBe(true);
    expect((await download(name, { headers: { 'If-None-Match': tag } })).status).toBe(304);
  });

  it('comes in one archive, of a length that is known before', async () => {
    const response = await download(`${STEM}.onnx?bundle=zip`);
    const body = await bytesOf(response);
    expect(response.headers.get('Content-Length')).toBe(String(body.length));
    const zip = await JSZip.loadAsync(body, { checkCRC32: true });
    expect(Object.keys(zip.files)).toEqual([`${STEM}.onnx`, `${STEM}.onnx.data`, `${STEM}.json`]);
    expect((await zip.file(`${STEM}.onnx`)?.async('nodebuffer'))?.equals(MODEL)).toBe(true);
    expect((await zip.file(`${STEM}.onnx.data`)?.async('nodebuffer'))?.equals(DATA)).toBe(true);
  });

  it('of more than 4 GiB has an archive too', async () => {
    const large = await api.addExportWithData('large_export_20251007_031138', MODEL, DATA);
    const size = 5 * 2 ** 30;
    const at = (name: string) => join(api.exportsFolder, name);
    await truncate(at(`${large.filename}.data`), size);
    const text = await readFile(at(`${large.filename}.manifest.json`), 'utf8');
    await writeFile(
      at(`${large.filename}.manifest.json`),
      text.replace(`"size_bytes": ${DATA.length}`, `"size_bytes": ${size}`),
    );
    const head = await download(`${large.filename}?bundle=zip`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    const overhead = Number(head.headers.get('Content-Length')) - size - MODEL.length;
    expect(overhead).toBeGreaterThan(0);
    expect(overhead).toBeLessThan(2_000);
    await fetch(`${api.url}/api/model/exports/${large.filename}`, { method: 'DELETE' });
  });

  it('is removed with all that belongs to it, and a clean-up says so before', async () => {
    const names = [`${STEM}.onnx`, `${STEM}.onnx.data`, `${STEM}.json`];
    const cleanUp = async (dryRun: boolean) => {
      const response = await fetch(`${api.url}/api/model/exports/cleanup`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ keep_recent: 0, dry_run: dryRun }),
      });
      return removalSchema.parse(await response.json());
    };
    const plan = await cleanUp(true);
    expect(plan.removed.map(({ filename }) => filename)).toEqual(names);
    expect(plan.removed_bytes).toBeGreaterThan(MODEL.length + DATA.length);
    expect((await cleanUp(false)).removed).toEqual(plan.removed);
    expect(await readdir(api.exportsFolder)).toEqual([]);
  });
});
