import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { modelFilename } from '@caissa/formats';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseDocument } from 'yaml';
import {
  examplesIn,
  findProgram,
  LOGIN,
  type RunningProxy,
  startCaddy,
  startNginx,
  startPlainNginx,
} from './proxies.js';
import { openSite, type Site } from './site.js';

const KEY = 'otto-the-operator-behind-a-proxy';
const BASE = '/caissa';
const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');

const nginx = await findProgram('nginx');
const caddy = await findProgram('caddy');
let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    env: { API_KEYS: `operator:otto:${KEY}`, BASE_PATH: BASE, TRUSTED_PROXIES: '127.0.0.1', LOG_LEVEL: 'debug' },
    prepare: ({ modelsDir }) => copyFile(FIXTURE, join(modelsDir, modelFilename('first'))),
  });
});
afterAll(() => site?.close());

describe.skipIf(nginx === undefined)('behind the nginx of the manual (apt-get install nginx-light)', () => {
  let proxy: RunningProxy;
  let page: Page;
  let faults: string[];
  let message: Awaited<ReturnType<Site['visit']>>['message'];
  /** Whatever was asked for, and how it was answered. */
  const asked: { readonly url: string; readonly status: number }[] = [];

  beforeAll(async () => {
    proxy = await startNginx(String(nginx), site.system.url);
    const options = { baseURL: `${proxy.origin}${BASE}`, ignoreHTTPSErrors: true, httpCredentials: LOGIN };
    ({ page, faults, message } = await site.visit('models', options));
    page.on('response', (response) => asked.push({ url: response.url(), status: response.status() }));
  });
  afterAll(() => proxy?.stop());

  it('nobody comes in without the login', async () => {
    const stranger = await site.browser.newContext({ ignoreHTTPSErrors: true });
    const answer = await stranger.request.get(`${proxy.origin}${BASE}/`);
    expect([answer.status(), answer.headers()['www-authenticate']]).toEqual([401, 'Basic realm="Models"']);
    await stranger.close();
  });

  async function save(button: Locator): Promise<void> {
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
    expect(download.url()).toContain(`${proxy.origin}${BASE}/api/model/download/second`);
    expect((await stat(await download.path())).size).toBeGreaterThan(1_000);
  }

  it('a browser signs in', async () => {
    await page.waitForURL(`${proxy.origin}${BASE}/sign-in?next=/`);
    await page.getByLabel('Access key').fill(KEY);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Load first' }).waitFor();
    const [cookie] = await page.context().cookies(`${proxy.origin}${BASE}/`);
    expect(cookie).toMatchObject({ path: `${BASE}/`, secure: true, httpOnly: true, sameSite: 'Strict' });
  });

  it('a checkpoint is uploaded, and exported', async () => {
    await page.getByLabel('Checkpoints to upload').setInputFiles({
      name: modelFilename('second'),
      mimeType: 'application/octet-stream',
      buffer: await readFile(FIXTURE),
    });
    await page.getByRole('button', { name: 'Export second' }).click();
    await page.getByRole('menuitem', { name: /PyTorch/ }).click();
    const done = message('second to PyTorch is exported');
    await save(done.getByRole('button', { name: 'Download' }));
    await page.goto(`${proxy.origin}${BASE}/#/downloads`);
    const row = page.getByRole('row').filter({ hasText: 'second' });
    await save(row.getByRole('link').getByText('.pt', { exact: true }));
  });

  it('what somebody else does is told at once', async () => {
    await page.goto(`${proxy.origin}${BASE}/#/jobs`);
    // A proxy that keeps events back until it has many would tell of none.
    const told = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const events = new EventSource('./api/jobs/events');
          events.addEventListener('ready', () => document.body.setAttribute('data-ready', ''));
          events.addEventListener('job', ({ data }) => {
            events.close();
            resolve(data);
          });
        }),
    );
    await page.locator('body[data-ready]').waitFor();
    const headers = { authorization: `Bearer ${KEY}` };
    const { body } = await site.client.send('POST', '/api/model/export/onnx/first', {}, headers);
    expect(JSON.parse(await told)).toMatchObject({ job_id: body['job_id'], model_name: 'first' });
    expect(body['status_url']).toBe(`${BASE}/api/jobs/${body['job_id']}`);
    await page.getByRole('link', { name: /^Download first_export/ }).waitFor();
  });

  it('documentation and dashboard are there', async () => {
    await page.goto(`${proxy.origin}${BASE}/api/docs`);
    await page.getByText('/api/model/list', { exact: true }).waitFor();
    await page.getByText('otto (operator)').waitFor();
    await page.goto(`${proxy.origin}${BASE}/api/docs/errors`);
    await page.getByRole('link', { name: 'All routes' }).click();
    await page.waitForURL(`${proxy.origin}${BASE}/api/docs`);
    await page.goto(`${proxy.origin}${BASE}/admin/queues`);
    await page
      .getByRole('link', { name: /export/ })
      .first()
      .click();
    await page.waitForURL(`${proxy.origin}${BASE}/admin/queues/queue/export**`);
  });

  it('nothing was asked for outside the path, and nothing was missing', () => {
    expect(asked.filter(({ url }) => !url.startsWith(`${proxy.origin}${BASE}/`) && url.startsWith('http'))).toEqual([]);
    expect(asked.filter(({ status }) => status >= 400 && status !== 401)).toEqual([]);
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
    expect(asked.length).toBeGreaterThan(30);
  });
});

describe.skipIf(nginx === undefined)('behind an nginx that replaces Host and has no TLS', () => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = await startPlainNginx(String(nginx), site.system.url);
  });
  afterAll(() => proxy?.stop());

  it('a browser signs in, exports, deletes and signs out', async () => {
    const baseURL = `http://models.lan:${new URL(proxy.origin).port}${BASE}`;
    const { page, message } = await site.visit('models', { baseURL });
    await page.getByLabel('Access key').fill(KEY);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Load first' }).waitFor();
    await page.getByRole('button', { name: 'Export first' }).click();
    await page.getByRole('menuitem', { name: /PyTorch/ }).click();
    await message('first to PyTorch is exported').waitFor();
    await page.goto(`${baseURL}/#/downloads`);
    const remove = page.getByRole('button', { name: /^Delete first_.*\.pt$/ });
    await remove.click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Delete/ })
      .click();
    await expect.poll(() => remove.count()).toBe(0);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access key').waitFor();
  });
});

describe.skipIf(caddy === undefined)('behind the Caddy of the manual (apt-get install caddy)', () => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    proxy = await startCaddy(String(caddy), site.system.url);
  });
  afterAll(() => proxy?.stop());

  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${proxy.origin}${path}`, { headers: { authorization: `Bearer ${KEY}`, ...headers }, redirect: 'manual' });

  it('page, lists and events are there', async () => {
    expect((await ask(BASE)).headers.get('Location')).toBe(`${BASE}/`);
    expect(await (await ask(`${BASE}/`)).text()).toContain('<title>Caissa</title>');
    expect((await ask(`${BASE}/api/model/list`)).status).toBe(200);
    const events = await ask(`${BASE}/api/jobs/events`);
    const first = await events.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toContain('retry');
    // Beside the path there is nothing, where the API would have a list.
    expect(await (await ask('/api/model/list')).text()).toBe('');
  });
});

it('the examples for Traefik can be read', async () => {
  const examples = await examplesIn('yaml');
  const traefik = examples.filter((text) => /^(http|entryPoints):/.test(text)).map((text) => parseDocument(text));
  expect(traefik).toHaveLength(2);
  for (const { errors } of traefik) expect(errors).toEqual([]);
  const [entry, route] = traefik.map((document) => document.toJS());
  expect(entry.entryPoints.websecure.transport.respondingTimeouts.readTimeout).toBe('0s');
  const { service, middlewares } = route.http.routers.caissa;
  expect(route.http.services).toHaveProperty(service);
  for (const name of middlewares) expect(route.http.middlewares).toHaveProperty(name);
});
