import request from 'supertest';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openTestAccess, type TestAccess, VIEWER_KEY, WITH_KEYS } from '../../test-support/open-test-access.js';
import { ROUTES } from '../routes.js';
import { createDocs } from './create-docs.js';

let access: TestAccess;
beforeAll(async () => {
  access = await openTestAccess(inject('redisUrl'), WITH_KEYS, (app, rules) => app.use(createDocs(ROUTES, rules)));
});
afterAll(() => access.close());

const get = (path: string) => request(access.app).get(path);

it('gives the document to those with a key', async () => {
  expect((await get('/api/openapi.json')).status).toBe(401);
  const response = await get('/api/openapi.json').set('X-API-Key', VIEWER_KEY);
  expect(response.headers['content-type']).toMatch(/^application\/json/);
  expect(response.body.openapi).toBe('3.1.1');
  expect(Object.keys(response.body.paths)).toContain('/api/model/list');
});

it('shows a page whose every file lies here, without inline scripts', async () => {
  expect((await get('/api/docs').set('Accept', 'text/html')).headers['location']).toBe('/sign-in?next=%2Fapi%2Fdocs');
  const page = await get('/api/docs').set('X-API-Key', VIEWER_KEY);
  expect(page.status).toBe(200);
  expect(page.text).not.toMatch(/https?:\/\/|style=|<style|<script>/);
  const files = [...page.text.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]+)"/g)].map(([, file]) => String(file));
  expect(files).toHaveLength(5);
  for (const file of files) expect((await get(file)).status).toBe(200);
});

it('serves nothing else of swagger-ui', async () => {
  for (const file of ['index.html', 'swagger-initializer.js', 'package.json', '..%2fpackage.json', '']) {
    expect((await get(`/api/docs/files/${file}`)).status).toBe(404);
  }
});

it('explains the codes to everybody, for those who are refused need it', async () => {
  const page = await get('/api/docs/errors');
  expect(page.status).toBe(200);
  expect(page.text).toContain('<tr id="UNAUTHENTICATED">');
});
