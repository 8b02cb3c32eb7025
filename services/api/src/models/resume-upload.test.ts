import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { FormatError } from '@caissa/bytes';
import type { WorkItem } from '@caissa/queue';
import type { InspectResult } from '@caissa/shared/contracts';
import { eventually } from '@caissa/testing/eventually';
import { type ModelBucket, startModelBucket } from '@caissa/testing/model-bucket';
import { keysOf } from '@caissa/testing/test-bucket';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** An API and what else there is of its uploads. */
interface Place {
  readonly api: TestApi;
  /** Names of models and remains. */
  everything(): Promise<string[]>;
  close(): Promise<void>;
}

const KEYS = ['operator:one:', 'operator:other:'].map((start, index) => `${start}${String(index).repeat(32)}`);
const keyOf = (index: number) => ({ Authorization: `Bearer ${String(index).repeat(32)}` });

async function openFolder(): Promise<Place> {
  const api = await startTestApi(inject('redisUrl'), { MAX_UPLOAD_MB: 64, API_KEYS: KEYS });
  return {
    api,
    everything: async () => (await readdir(api.modelsFolder)).filter((name) => name !== '.caissa-store'),
    close: () => api.close(),
  };
}

let bucket: ModelBucket;
beforeAll(async () => {
  bucket = await startModelBucket();
});
afterAll(() => bucket.stop());

async function openBucket(): Promise<Place> {
  await bucket.objects.remove(await keysOf(bucket.objects));
  const api = await startTestApi(inject('redisUrl'), { ...bucket.settings, MAX_UPLOAD_MB: 64, API_KEYS: KEYS });
  const everything = async () => {
    const keys = [...(await keysOf(bucket.objects)), ...bucket.server.uploads.map(() => 'open')];
    return keys.map((key) => key.replace(/^(models|uploads)\//, ''));
  };
  return { api, everything, close: () => api.close() };
}

describe.each([
  ['a folder', openFolder, 300_000],
  // More than a part, and less than the stand-in copies at once.
  ['a bucket', openBucket, 10_000_000],
] as const)('an upload in pieces to %s', (_, open, sizeBytes) => {
  const content = randomBytes(sizeBytes);
  content.write('good');
  let place: Place;
  let api: TestApi;

  beforeEach(async () => {
    place = await open();
    api = place.api;
  });
  afterEach(() => place.close());

  /** Looks into uploads as an exporter does: by their first letters. */
  const inspect = async ({ id, data }: WorkItem<'inspect'>): Promise<InspectResult> => {
    const result = { success: true, message: 'ok', model_name: data.model_name, status: 'ready', job_id: id } as const;
    if (data.upload === undefined) return result;
    const source = await api.context.modelStore.openUpload(data.upload, data.model_name);
    const head = Buffer.alloc(4);
    await source.readInto(head, 0);
    await source.close();
    if (String(head) !== 'good') throw new FormatError('NOT_A_CHECKPOINT', 'This is not a PyTorch checkpoint.');
    return result;
  };

  const call = (method: string, path: string, headers: Record<string, string> = {}, body?: Uint8Array) =>
    fetch(api.url + path, {
      method,
      headers: { ...keyOf(0), ...headers },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
  const begin = (name: string, headers: Record<string, string> = {}) =>
    call('POST', `/api/model/upload/${name}`, { 'Upload-Length': String(content.length), ...headers });
  const addressOf = async (response: Response) => {
    expect(response.status).toBe(201);
    return response.headers.get('Location') ?? '';
  };
  const piece = (path: string, offset: number, end?: number, of = content) => {
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) };
    return call('PATCH', path, headers, of.subarray(offset, end));
  };
  const offsetOf = async (path: string) => Number((await call('HEAD', path)).headers.get('Upload-Offset'));
  const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

  /** Sends a piece whose connection is cut after some bytes. */
  function cutPiece(path: string, offset: number, sentBytes: number): Promise<void> {
    return new Promise((resolve) => {
      const { host } = new URL(api.url);
      const [hostname, port] = host.split(':');
      const headers = {
        ...keyOf(0),
        'Content-Type': 'application/offset+octet-stream',
        'Content-Length': String(content.length - offset),
        'Upload-Offset': String(offset),
      };
      const sending = request({ hostname, port, path, method: 'PATCH', headers });
      sending.on('error', () => resolve()).on('close', () => resolve());
      sending.write(content.subarray(offset, offset + sentBytes), () => sending.destroy());
    });
  }

  async function modelBytes(name: string): Promise<Buffer> {
    const source = await api.context.modelStore.open(name);
    const bytes = Buffer.alloc(source.sizeBytes);
    await source.readInto(bytes, 0);
    await source.close();
    return bytes;
  }

  /** Sends what is missing until it is all there, as a client does. */
  async function sendRest(path: string): Promise<Response> {
    for (;;) {
      const response = await piece(path, await offsetOf(path));
      if (response.status !== 423) return response;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('becomes a model of the same bytes, wherever it is cut', async () => {
    api.work('inspect', inspect);
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }), async (cuts) => {
        const name = `cut_${number++}`;
        const path = await addressOf(
          await begin(name, { 'Repr-Digest': `sha-256=:${digestOf(content).toString('base64')}:` }),
        );
        for (const share of cuts) {
          const offset = await offsetOf(path);
          await cutPiece(path, offset, Math.max(1, Math.floor((content.length - offset - 1) * share)));
        }
        const response = await sendRest(path);
        expect(response.status).toBe(201);
        expect(await response.json()).toMatchObject({ name, sha256: digestOf(content).toString('hex') });
        expect((await modelBytes(name)).equals(content)).toBe(true);
      }),
      { numRuns: sizeBytes > 1e6 ? 3 : 15 },
    );
    expect((await place.everything()).filter((name) => !name.startsWith('cut_'))).toEqual([]);
  });

  it('keeps what has arrived when it is cut, and is found again by its key', async () => {
    const path = await addressOf(await begin('mine', { 'Idempotency-Key': 'file-1' }));
    await cutPiece(path, 0, Math.floor(content.length * 0.9));
    await eventually('something is kept', async () => (await offsetOf(path)) > content.length / 3);
    await eventually('the cut is noticed', async () => (await piece(path, 1)).status !== 423);
    const kept = await offsetOf(path);
    const again = await begin('mine', { 'Idempotency-Key': 'file-1' });
    expect([again.headers.get('Location'), again.headers.get('Upload-Offset')]).toEqual([path, String(kept)]);
    expect(await codeOf(await begin('mine', { 'Idempotency-Key': 'file-1', 'Upload-Length': '5' }))).toEqual([
      422,
      'IDEMPOTENCY_MISMATCH',
    ]);
    const elsewhere = await piece(path, kept - 1);
    expect(elsewhere.headers.get('Upload-Offset')).toBe(String(kept));
    expect(await codeOf(elsewhere)).toEqual([409, 'UPLOAD_OFFSET']);
    api.work('inspect', inspect);
    expect((await sendRest(path)).status).toBe(201);
    // Who has missed the answer asks again.
    expect(await offsetOf(path)).toBe(content.length);
    const missed = await piece(path, content.length);
    expect(await missed.json()).toMatchObject({ name: 'mine' });
    // Clients of tus look for both in every answer.
    const { headers } = missed;
    expect([headers.get('Upload-Offset'), headers.get('Tus-Resumable')]).toEqual([String(content.length), '1.0.0']);
    expect(await place.everything()).toEqual(['mine.pt']);
  });

  it('belongs to the key that began it, and to one request at a time', async () => {
    const path = await addressOf(await begin('mine'));
    expect((await call('HEAD', path, keyOf(1))).status).toBe(404);
    expect((await call('DELETE', path, keyOf(1))).status).toBe(404);
    expect((await call('HEAD', path.replace(/mine/, 'other'))).status).toBe(404);
    const first = piece(path, 0);
    await eventually('it is looked into', async () => (await offsetOf(path)) === content.length);
    expect(await codeOf(await piece(path, content.length))).toEqual([423, 'UPLOAD_BUSY']);
    expect((await call('DELETE', path)).status).toBe(423);
    api.work('inspect', inspect);
    expect((await first).status).toBe(201);
  });

  it('leaves nothing when it is given up, refused, damaged, or its name is taken', async () => {
    api.work('inspect', inspect);
    const dropped = await addressOf(await begin('dropped'));
    await cutPiece(dropped, 0, content.length - 1);
    await eventually('it is given up', async () => (await call('DELETE', dropped)).status === 204);
    expect((await call('HEAD', dropped)).status).toBe(404);

    const bad = Buffer.alloc(content.length, 'bad ');
    const refused = await addressOf(await begin('refused'));
    expect(await codeOf(await piece(refused, 0, undefined, bad))).toEqual([422, 'NOT_A_CHECKPOINT']);

    const damaged = await addressOf(
      await begin('damaged', { 'Repr-Digest': `sha-256=:${digestOf(bad).toString('base64')}:` }),
    );
    expect(await codeOf(await piece(damaged, 0))).toEqual([422, 'UPLOAD_DAMAGED']);

    const late = await addressOf(await begin('late'));
    const first = await addressOf(await begin('late'));
    expect((await piece(first, 0)).status).toBe(201);
    expect(await codeOf(await piece(late, 0))).toEqual([409, 'MODEL_EXISTS']);
    expect(await codeOf(await begin('late'))).toEqual([409, 'MODEL_EXISTS']);
    expect(await place.everything()).toEqual(['late.pt']);
  });

  it('has limits', async () => {
    expect(await codeOf(await begin('x', { 'Upload-Length': String(65 << 20) }))).toEqual([413, 'BODY_TOO_LARGE']);
    expect(await codeOf(await begin('x', { 'Upload-Length': 'many' }))).toEqual([400, 'INVALID_PARAMETER']);
    expect(await codeOf(await begin('x', { 'Upload-Length': '0' }))).toEqual([400, 'INVALID_BODY']);
    expect(await codeOf(await begin('x', { 'Repr-Digest': 'md5=:x:' }))).toEqual([400, 'INVALID_PARAMETER']);
    const key = { 'Upload-Length': '10', 'Idempotency-Key': 'short' };
    const short = await addressOf(await begin('short', key));
    expect(await codeOf(await piece(short, 0, 20))).toEqual([422, 'UPLOAD_DAMAGED']);
    expect(await place.everything()).toEqual([]);
    const anew = await begin('short', key);
    expect([anew.headers.get('Location') === short, anew.headers.get('Upload-Offset')]).toEqual([false, '0']);
    for (let count = 1; count < 16; count++) await addressOf(await begin(`x${count}`));
    expect(await codeOf(await begin('x16'))).toEqual([429, 'TOO_MANY_UPLOADS']);
    expect((await call('DELETE', await addressOf(anew))).status).toBe(204);
    await addressOf(await begin('x16'));
  });
});
