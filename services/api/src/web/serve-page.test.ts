import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openTestAccess, type TestAccess, WITH_KEYS } from '../../test-support/open-test-access.js';
import { rawGet } from '../../test-support/raw-request.js';
import { servePage } from './serve-page.js';

const SCRIPT = `console.log(${JSON.stringify('x'.repeat(5_000))});`;
const INDEX = `<!doctype html><title>Caissa</title><!--${'x'.repeat(2_000)}-->`;

let parent: string;
let folder: string;
let access: TestAccess;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'caissa-page-'));
  folder = join(parent, 'dist');
  await mkdir(join(folder, 'assets', 'deeper'), { recursive: true });
  await writeFile(join(folder, 'index.html'), INDEX);
  await writeFile(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'assets', 'index-a1b2c3.js'), SCRIPT);
  await writeFile(join(folder, 'assets', 'deeper', 'x.js'), SCRIPT);
  await writeFile(join(folder, '.built'), 'secret');
  await writeFile(join(parent, 'package.json'), 'secret');
  access = await openTestAccess(inject('redisUrl'), WITH_KEYS, (app) => {
    app.use(servePage(folder));
    app.get('/api/long', (_request, response) => {
      response.json({ text: 'x'.repeat(5_000) });
    });
  });
});

afterAll(async () => {
  await access.close();
  await rm(parent, { recursive: true });
});

const get = (path: string, encoding = 'identity') => request(access.app).get(path).set('Accept-Encoding', encoding);

describe('the page', () => {
  it('is shown to everybody, always the newest, under a strict policy', async () => {
    const { status, headers, text } = await get('/');
    expect(status).toBe(200);
    expect(text).toBe(INDEX);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(headers['cache-control']).toBe('no-cache');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("img-src 'self' data:");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect((await get('/?model=x')).text).toBe(INDEX);
  });

  it('is not sent again to who has it', async () => {
    const { headers } = await get('/', 'gzip');
    const again = await get('/', 'gzip').set('If-None-Match', String(headers['etag']));
    expect(again.status).toBe(304);
  });

  it('has files that are kept for ever, for their names change with them', async () => {
    const { status, headers, text } = await get('/assets/index-a1b2c3.js');
    expect(status).toBe(200);
    expect(text).toBe(SCRIPT);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toMatch(/javascript/);
    expect((await get('/icon.svg')).headers['cache-control']).toBe('public, max-age=3600');
  });

  it.each(['gzip', 'br'])('is sent as %s when that is asked for', async (encoding) => {
    for (const [path, content] of [
      ['/', INDEX],
      ['/assets/index-a1b2c3.js', SCRIPT],
    ] as const) {
      const { headers, text } = await get(path, encoding);
      expect(headers['content-encoding']).toBe(encoding);
      expect(headers['vary']).toContain('Accept-Encoding');
      expect(text).toBe(content);
    }
    expect((await get('/api/long', encoding)).headers['content-encoding']).toBeUndefined();
  });

  it('has nothing else', async () => {
    for (const path of ['/assets/gone-123.js', '/gone.txt', '/assets', '/assets/', '/assets/deeper/x.js', '/.built']) {
      const { status, body } = await get(path, 'gzip');
      expect(status).toBe(404);
      expect(body).toMatchObject({ success: false, code: 'ROUTE_NOT_FOUND' });
    }
    expect((await request(access.app).post('/')).status).toBe(404);
  });
});

it('lets nobody out of its folder', async () => {
  const server = access.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const attempts = [
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e%2fpackage.json',
    '/..\\package.json',
    '/..%5cpackage.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e%2f.built',
    '/assets/..%2findex.html%00.js',
    '//package.json',
    '/%',
  ];
  for (const attempt of attempts) {
    const answer = await rawGet(url, attempt);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
    expect(answer).not.toContain('secret');
  }
  server.close();
});

it('says how to build a page that was not, and shows it when it is', async () => {
  const later = join(parent, 'later');
  const other = await openTestAccess(inject('redisUrl'), {}, (app) => app.use(servePage(later)));
  const missing = await request(other.app).get('/');
  expect(missing.status).toBe(503);
  expect(missing.headers['content-type']).toMatch(/^text\/html/);
  for (const part of ['npm run build', 'href="/api/docs"', 'href="/admin/queues"']) {
    expect(missing.text).toContain(part);
  }
  await mkdir(later);
  await writeFile(join(later, 'index.html'), INDEX);
  expect((await request(other.app).get('/')).text).toBe(INDEX);
  await other.close();
});
