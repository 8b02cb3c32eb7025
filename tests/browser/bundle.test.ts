import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSite, type Site, writeFullSizeModels } from './site.js';

/** Most bytes of JavaScript, compressed with gzip, that the first tab may take. */
const LIMIT_BYTES = 250_000;
const TABS = ['export', 'downloads', 'jobs', 'board'] as const;

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 0,
    prepare: ({ modelsDir }) => writeFullSizeModels(modelsDir),
  });
  for (const name of ['model_v1', 'model_v2', 'model_v3']) await site.client.model(name);
});
afterAll(() => site?.close());

/** The first tab with all that belongs to it, and whatever was answered to its browser. */
async function visitModels(): Promise<{ page: Page; responses: Response[]; requested: string[] }> {
  const page = await (await site.browser.newContext()).newPage();
  const responses: Response[] = [];
  const requested: string[] = [];
  page.on('response', (response) => responses.push(response));
  page.on('request', (request) => requested.push(request.url()));
  await page.goto(`${site.system.url}/#/models`);
  await page.getByRole('button', { name: 'Load model_v1' }).waitFor();
  await page.getByRole('heading', { name: 'Training history' }).waitFor();
  await expect.poll(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
  // What a page fetches in advance it fetches when it has nothing else to do.
  await page.evaluate(
    () => new Promise((done) => requestIdleCallback(() => setTimeout(() => requestIdleCallback(done)))),
  );
  return { page, responses, requested };
}

const scriptsOf = (responses: readonly Response[]): Response[] =>
  responses.filter((response) => response.request().resourceType() === 'script');

const namesOf = (responses: readonly Response[]): string[] =>
  scriptsOf(responses).map((response) => new URL(response.url()).pathname);

describe('the first tab', () => {
  it('takes at most 250 kB of compressed JavaScript, its chart included', async () => {
    const { responses } = await visitModels();
    const sizes = await Promise.all(scriptsOf(responses).map(async (script) => gzipSync(await script.body()).length));
    expect(namesOf(responses).filter((name) => name.includes('history-chart'))).toHaveLength(1);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(LIMIT_BYTES);
    const [entry] = scriptsOf(responses).filter((script) => script.url().includes('/assets/index-'));
    expect(await entry?.headerValue('content-encoding')).toMatch(/^(gzip|br)$/);
  });

  it('does not fetch what another one needs', async () => {
    const { page, responses } = await visitModels();
    const first = new Set(namesOf(responses));
    for (const tab of TABS) {
      const part = `/${tab}-page-`;
      expect([...first].filter((name) => name.includes(part))).toEqual([]);
      await page.evaluate((name) => location.assign(`#/${name}`), tab);
      await expect
        .poll(() => namesOf(responses).filter((name) => name.includes(part)).length, { message: tab })
        .toBe(1);
    }
  });
});

describe('whatever the page is made of', () => {
  it('comes from its own origin, under the strict policy', async () => {
    const { page, responses, requested } = await visitModels();
    for (const tab of TABS) {
      await page.evaluate((name) => location.assign(`#/${name}`), tab);
      await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
    }
    const origins = new Set(requested.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin));
    expect([...origins]).toEqual([site.system.url]);
    expect(responses.length).toBeGreaterThan(10);
    for (const response of responses) {
      const policy = (await response.headerValue('content-security-policy'))?.split(';') ?? [];
      expect([response.url(), policy]).toEqual([
        response.url(),
        expect.arrayContaining(["default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'"]),
      ]);
      expect(policy.join(';')).not.toMatch(/unsafe|\*|https?:/);
    }
  });
});
