import { createHash } from 'node:crypto';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { FormatError } from '@caissa/bytes';
import type { WorkItem } from '@caissa/queue';
import type { InspectResult } from '@caissa/shared/contracts';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { eventually } from '@caissa/testing/eventually';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { rawRequest } from '../../test-support/raw-request.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'), { MAX_UPLOAD_MB: 1 });
});

afterEach(() => api.close());

/** Looks into uploads as an exporter does: by their first letters. */
const inspect = async ({ id, data }: WorkItem<'inspect'>): Promise<InspectResult> => {
  const result = { success: true, message: 'ok', model_name: data.model_name, status: 'ready', job_id: id } as const;
  if (data.upload === undefined) return result;
  const text = await readFile(join(api.modelsFolder, data.upload), 'utf8');
  if (text.startsWith('bad')) throw new FormatError('NOT_A_CHECKPOINT', 'This is not a PyTorch checkpoint.');
  return result;
};

const put = (name: string, body: string | Uint8Array | ReadableStream, type = 'application/octet-stream') =>
  fetch(`${api.url}/api/model/upload/${name}`, {
    method: 'PUT',
    headers: { 'Content-Type': type },
    body,
    duplex: 'half',
  });

const answer = async (response: Response) => {
  const body = (await response.json()) as Record<string, unknown>;
  return [response.status, body['code']];
};

const files = async () => (await readdir(api.modelsFolder)).filter((name) => name !== '.caissa-store').sort();

function endless(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
}

describe('an upload', () => {
  it('becomes a model after it was looked into', async () => {
    api.work('inspect', inspect);
    const response = await put('fresh', 'good bytes');
    expect([response.status, response.headers.get('Location')]).toEqual([201, '/api/model/info/fresh']);
    expect(await response.json()).toEqual({
      success: true,
      message: 'Model fresh was uploaded',
      name: 'fresh',
      size_bytes: 10,
      file_size_mb: 0,
      sha256: createHash('sha256').update('good bytes').digest('hex'),
      status: 'inspecting',
      job_id: expect.stringMatching(/^inspect-/),
    });
    expect(await readFile(join(api.modelsFolder, 'fresh.pt'), 'utf8')).toBe('good bytes');
    expect(await files()).toEqual(['fresh.pt']);
    expect(api.context.modelFolder.list().map((file) => file.name)).toEqual(['fresh']);
  });

  it('is not visible before', async () => {
    const pending = put('fresh', 'good bytes');
    await eventually('it is on the disk', async () => (await files()).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await files())[0]).toMatch(/^\.upload-[0-9a-f]{32}$/);
    expect((await fetch(`${api.url}/api/model/info/fresh`)).status).toBe(404);
    api.work('inspect', inspect);
    expect((await pending).status).toBe(201);
  });

  it('that is refused leaves nothing behind', async () => {
    api.work('inspect', inspect);
    expect(await answer(await put('broken', 'bad bytes'))).toEqual([422, 'NOT_A_CHECKPOINT']);
    expect(await files()).toEqual([]);
  });

  it('needs a body of its media type', async () => {
    expect(await answer(await put('fresh', ''))).toEqual([400, 'INVALID_BODY']);
    expect(await answer(await put('fresh', 'x', 'text/plain'))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await answer(await put('a%20b', 'x'))).toEqual([400, 'INVALID_NAME']);
    expect(await files()).toEqual([]);
  });

  it('never replaces a model', async () => {
    api.work('inspect', inspect);
    await api.writeModel('taken', 'original');
    expect(await answer(await put('taken', 'good'))).toEqual([409, 'MODEL_EXISTS']);
    const pending = put('raced', 'good but slow '.repeat(10));
    await eventually('it is on the disk', async () => (await files()).length === 2);
    expect([201, 409]).toContain((await pending).status);
    expect(await readFile(join(api.modelsFolder, 'taken.pt'), 'utf8')).toBe('original');
  });

  it.each(['stats', 'active.pt'])('as %s is refused: no address would lead to it', async (name) => {
    const response = await put(name, 'good bytes');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'INVALID_NAME',
      detail: expect.stringContaining('Upload it under another name.'),
    });
    expect(await files()).toEqual([]);
  });

  it.each(['final.pt', 'final.PT', 'final.pth.tar', 'final.ckpt'])('of %s makes the model final', async (filename) => {
    api.work('inspect', inspect);
    const response = await put(filename, 'good bytes');
    expect([response.status, response.headers.get('Location')]).toEqual([201, '/api/model/info/final']);
    expect(await response.json()).toMatchObject({ name: 'final' });
    expect(await files()).toEqual(['final.pt']);
    expect(await answer(await put('final', 'good bytes'))).toEqual([409, 'MODEL_EXISTS']);
  });

  it('does not take the name of a file of another kind', async () => {
    await writeFile(join(api.modelsFolder, 'final.pth'), 'original');
    expect(await answer(await put('final', 'good bytes'))).toEqual([409, 'MODEL_EXISTS']);
    expect(await files()).toEqual(['final.pth']);
  });

  it('that loses its name while it is looked into gives way', async () => {
    const pending = put('raced', 'good late');
    await eventually('it is on the disk', async () => (await files()).length === 1);
    await api.writeModel('raced', 'first');
    api.work('inspect', inspect);
    expect(await answer(await pending)).toEqual([409, 'MODEL_EXISTS']);
    expect(await files()).toEqual(['raced.pt']);
    expect(await readFile(join(api.modelsFolder, 'raced.pt'), 'utf8')).toBe('first');
  });

  it('and another of its name: one wins', async () => {
    api.work('inspect', inspect, 4);
    const bodies = ['good A', 'good B', 'good C'];
    const responses = await Promise.all(bodies.map((body) => put('twins', body)));
    expect(responses.map((response) => response.status).sort()).toEqual([201, 409, 409]);
    const winner = bodies[responses.findIndex((response) => response.status === 201)];
    expect(await readFile(join(api.modelsFolder, 'twins.pt'), 'utf8')).toBe(winner);
    expect(await files()).toEqual(['twins.pt']);
  });

  it('has a limit, announced or not', async () => {
    expect(await answer(await put('large', new Uint8Array((1 << 20) + 1)))).toEqual([413, 'BODY_TOO_LARGE']);
    expect(await answer(await put('large', endless()))).toEqual([413, 'BODY_TOO_LARGE']);
    expect(await files()).toEqual([]);
  });

  it('is not sent at all if the client asks first', async () => {
    const head =
      'PUT /api/model/upload/large HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n' +
      'Content-Length: 99999999999\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n';
    await atBestWithin(2_000, async () => {
      const text = await rawRequest(api.url, head);
      expect(text).toMatch(/^HTTP\/1\.1 413 /);
      expect(text).not.toContain('100 Continue');
    });
  });

  it('that breaks off leaves nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': '1000' };
      const sending = request(`${api.url}/api/model/upload/half`, { method: 'PUT', headers });
      sending.on('error', () => resolve());
      sending.write('good');
      void eventually('it has begun', async () => (await files()).length === 1).then(() => sending.destroy());
    });
    await eventually('it is removed', async () => (await files()).length === 0);
  });

  it('whose client leaves during the check leaves nothing behind', async () => {
    const abort = new AbortController();
    const sending = fetch(`${api.url}/api/model/upload/left`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: 'good',
      signal: abort.signal,
    });
    const queue = api.context.jobs.queues.inspect.queue;
    await eventually('the check is asked for', async () => (await queue.getWaitingCount()) === 1);
    abort.abort();
    await expect(sending).rejects.toThrow();
    await eventually('it is removed', async () => (await files()).length === 0);
  });
});

describe('a sweep of uploads', () => {
  it('removes what nobody writes to any more', async () => {
    const old = join(api.modelsFolder, `.upload-${'0'.repeat(32)}`);
    await writeFile(old, 'x');
    await utimes(old, new Date(), new Date(Date.now() - 61 * 60_000));
    await writeFile(join(api.modelsFolder, `.upload-${'1'.repeat(32)}`), 'x');
    await writeFile(join(api.modelsFolder, 'a.pt'), 'x');
    await api.context.modelStore.sweep(new Set());
    expect(await files()).toEqual([`.upload-${'1'.repeat(32)}`, 'a.pt']);
  });
});
