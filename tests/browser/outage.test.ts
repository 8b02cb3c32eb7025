import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedisServer } from '@caissa/launcher';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { HttpProxy } from '../setup/http-proxy.js';
import { freePort, kill, until } from '../setup/system.js';
import { layoutShift } from './measure-page.js';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
const FEED = '/api/jobs/events';
const AWAY = /Caissa does not answer/;

/** Puts models that are all alike into the folder of a system. */
const prepareModels =
  (...names: string[]) =>
  async ({ modelsDir }: { modelsDir: string }) => {
    for (const name of names) await copyFile(FIXTURE, join(modelsDir, `${name}.pt`));
  };

const modelRows = (page: Page): Locator => page.getByRole('table', { name: 'Models' }).getByRole('row');
const exportRow = (page: Page, model: string): Locator =>
  page.getByRole('region', { name: 'Latest exports' }).getByRole('listitem').filter({ hasText: model });

/** Marks the document, and returns whether it is still the same one later. */
async function markDocument(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate(() => document.documentElement.setAttribute('data-marked', ''));
  return () => page.evaluate(() => document.documentElement.hasAttribute('data-marked'));
}

async function stopExporters({ system }: Site): Promise<void> {
  for (const exporter of system.processes.exporter.splice(0)) await kill(exporter);
}

describe('a way to the API', () => {
  let site: Site;
  let proxy: HttpProxy;
  beforeAll(async () => {
    site = await openSite({ redisUrl: inject('redisUrl'), loaders: 0, prepare: prepareModels('steady') });
    await site.client.model('steady');
  });
  beforeEach(async () => {
    proxy = new HttpProxy(site.system.url);
    await proxy.start();
  });
  afterEach(() => proxy.stop());
  afterAll(() => site?.close());

  it('that drops the feed of jobs: the page takes it up again by itself', async () => {
    const { page } = await site.visit('jobs', { baseURL: proxy.url });
    await page.getByText('Live', { exact: true }).waitFor();
    const before = proxy.count(FEED);
    proxy.hold(/events$/);
    proxy.drop(FEED);
    await page.getByText('Updating every few seconds').waitFor();
    expect(await page.getByText(AWAY).count()).toBe(0);
    proxy.release();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(proxy.count(FEED)).toBeGreaterThan(before);
  });

  it('that is cut while an export runs: the right end is shown when it is back', async () => {
    await stopExporters(site);
    const { page, message } = await site.visit('export?models=steady', { baseURL: proxy.url });
    await page.getByRole('button', { name: 'Start 1 export' }).click();
    const row = exportRow(page, 'steady');
    await row.getByText('Queued').waitFor();
    const isSame = await markDocument(page);
    await proxy.stop();
    await page.getByRole('alert').filter({ hasText: AWAY }).waitFor();
    await site.system.start('exporter');
    await until('the export is done', async () => {
      const { body } = await site.client.get('/api/jobs?type=export');
      return (body['jobs'] as { status: string }[]).every(({ status }) => status === 'completed');
    });
    expect(await row.innerText()).toContain('Queued');
    await proxy.start();
    await message('The connection is back').waitFor();
    await row.getByRole('link', { name: 'Download steady as ONNX' }).waitFor();
    await expect.poll(() => page.getByText(AWAY).count()).toBe(0);
    expect(await isSame()).toBe(true);
  });

  it('that is slow: the places of what is to come are shown, and nothing moves when it comes', async () => {
    proxy.hold(/^\/api\//);
    const { page, faults } = await site.visit('models', { baseURL: proxy.url });
    await page.getByRole('status', { name: 'Loading', exact: true }).waitFor();
    proxy.hold(/^\/api\/(?!session)/);
    await page.getByRole('status', { name: 'Loading the models' }).waitFor();
    await page.getByRole('status', { name: 'Loading the active model' }).waitFor();
    proxy.release();
    await modelRows(page).nth(1).waitFor();
    await expect.poll(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
    expect(await layoutShift(page)).toBeLessThanOrEqual(0.01);
    expect(faults).toEqual([]);
  });

  it.each([
    ['export', 'Loading the exports', (page: Page) => page.getByRole('checkbox', { name: 'steady' })],
    ['downloads', 'Loading the exports', (page: Page) => page.getByRole('button', { name: /^Details of/ })],
    ['jobs', 'Loading the jobs', (page: Page) => page.getByRole('button', { name: /^Show details/ })],
  ] as const)('that is slow moves nothing in %s either', async (tab, skeleton, shown) => {
    await site.client.finish(await site.client.export('onnx', 'steady'));
    proxy.hold(/^\/api\/(?!session)/);
    const { page, faults } = await site.visit(tab, { baseURL: proxy.url });
    await page.getByRole('status', { name: skeleton }).waitFor();
    proxy.release();
    await shown(page).first().waitFor();
    await expect.poll(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
    expect(await layoutShift(page)).toBeLessThanOrEqual(0.01);
    expect(faults).toEqual([]);
  });
});

describe('an API that is killed and started again', () => {
  let site: Site;
  beforeEach(async () => {
    site = await openSite({ redisUrl: inject('redisUrl'), loaders: 0, prepare: prepareModels('before') });
    await site.client.model('before');
  });
  afterEach(() => site?.close());

  const killApi = () => Promise.all(site.system.processes.api.splice(0).map((api) => kill(api)));

  it('is waited for, with what was known in sight; then everything is as it is now', async () => {
    const { page, faults, message } = await site.visit('models');
    await page.getByRole('link', { name: 'before', exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Training history' }).waitFor();
    await expect.poll(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
    const isSame = await markDocument(page);
    await killApi();
    await page.getByRole('alert').filter({ hasText: AWAY }).waitFor();
    await copyFile(FIXTURE, join(site.system.modelsDir, 'meanwhile.pt'));
    expect(await page.getByRole('link', { name: 'before', exact: true }).isVisible()).toBe(true);
    expect(await page.getByText('could not be loaded').count()).toBe(0);
    await site.system.start('api');
    await message('The connection is back').waitFor();
    await page.getByRole('link', { name: 'meanwhile', exact: true }).waitFor();
    await expect.poll(() => page.getByText(AWAY).count()).toBe(0);
    expect(await isSame()).toBe(true);
    expect(faults.filter((fault) => !fault.startsWith('Failed to load resource'))).toEqual([]);
  });

  it.each([
    ['models', 'history-chart'],
    ['downloads', 'downloads-page'],
  ])('takes nothing else with it when a part of %s cannot be fetched', async (tab, file) => {
    const { page } = await site.visit('jobs');
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.route(`**/${file}*`, (route) => route.abort());
    await page.getByRole('navigation').getByRole('link', { name: tab }).click();
    const again = page.getByRole('button', { name: 'Load the page anew' });
    await again.waitFor();
    if (tab === 'models') await page.getByRole('link', { name: 'before', exact: true }).waitFor();
    await page.unroute(`**/${file}*`);
    await again.click();
    await page.getByRole('heading', { name: tab === 'models' ? 'Training history' : 'Downloads' }).waitFor();
    expect(await again.count()).toBe(0);
  });

  it('is followed again, although a gateway answered in its place', async () => {
    const proxy = new HttpProxy(site.system.url);
    await proxy.start();
    const { page, message } = await site.visit('jobs', { baseURL: proxy.url });
    await page.getByText('Live', { exact: true }).waitFor();
    const before = proxy.count(FEED);
    await killApi();
    await page.getByRole('alert').filter({ hasText: AWAY }).waitFor();
    // Once it was answered with 502, a browser asks for a feed no more.
    await expect.poll(() => proxy.count(FEED)).toBeGreaterThan(before);
    await site.system.start('api');
    await message('The connection is back').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await proxy.stop();
  });
});

describe('a Redis that is away', () => {
  let folder: string;
  let port: number;
  let redis: Awaited<ReturnType<typeof startRedisServer>>;
  let site: Site;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caissa-redis-'));
    port = await freePort();
    redis = await startRedisServer({ dataDir: folder, port });
    site = await openSite({ redisUrl: redis.url, loaders: 0, prepare: prepareModels('steady') });
    await site.client.model('steady');
  });
  afterAll(async () => {
    await site?.close();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is named, as is why no export can be started; afterwards all is well', async () => {
    const { page, faults, message } = await site.visit('export?models=steady');
    const start = page.getByRole('button', { name: 'Start 1 export' });
    await start.waitFor();
    await page.getByText('Nothing was exported lately').waitFor();
    await redis.stop();
    const banner = page.getByRole('alert').filter({ hasText: 'New work has to wait' });
    await banner.filter({ hasText: 'Nothing listens where REDIS_URL points' }).waitFor();
    expect(await banner.count()).toBe(1);
    await start.click();
    const refusal = message('steady could not be exported to ONNX');
    await refusal.waitFor();
    expect(await refusal.innerText()).toMatch(/queue|Redis/);
    redis = await startRedisServer({ dataDir: folder, port });
    await message('The connection is back').waitFor();
    await expect.poll(() => page.getByText('New work has to wait').count()).toBe(0);
    await start.click();
    await exportRow(page, 'steady').getByRole('link', { name: 'Download steady as ONNX' }).waitFor();
    expect(faults.filter((fault) => !fault.startsWith('Failed to load resource'))).toEqual([]);
  });
});
