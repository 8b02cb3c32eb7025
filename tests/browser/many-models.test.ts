import { copyFile, link } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { until } from '../setup/system.js';
import { layoutShift, longestTaskOfScrollMs } from './measure-page.js';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/float16.pt');
const COUNT = 500;
/** More rows than this in the document would be more than those in sight, and some beyond the edges. */
const MOST_ROWS = 80;

const modelName = (number: number): string => `model_${String(number).padStart(3, '0')}`;

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 0,
    prepare: async ({ modelsDir }) => {
      const first = join(modelsDir, `${modelName(1)}.pt`);
      await copyFile(FIXTURE, first);
      for (let number = 2; number <= COUNT; number++) await link(first, join(modelsDir, `${modelName(number)}.pt`));
    },
  });
  await until(
    'all models are inspected',
    async () => {
      const { body } = await site.client.get('/api/model/list?limit=1000');
      const models = (body['models'] ?? []) as { status: string }[];
      return models.filter(({ status }) => status === 'ready').length === COUNT;
    },
    280_000,
  );
}, 300_000);
afterAll(() => site?.close());

const table = (page: Page) => page.getByRole('table', { name: 'Models' });
const rows = (page: Page) => table(page).getByRole('row');
const modelLink = (page: Page, number: number) => page.getByRole('link', { name: modelName(number), exact: true });

/** The page with the list in the order of names. */
async function visitByName() {
  const visit = await site.visit('models');
  await visit.page.getByRole('button', { name: 'Model', exact: true }).click();
  await modelLink(visit.page, 1).waitFor();
  return visit;
}

describe('a list of 500 models', () => {
  it('says how many there are, and draws only those in sight', async () => {
    const { page, faults } = await visitByName();
    await page.getByText(`${COUNT} models`, { exact: true }).waitFor();
    expect(await table(page).getAttribute('aria-rowcount')).toBe(String(COUNT + 1));
    expect(await rows(page).count()).toBeLessThan(MOST_ROWS);
    expect(await modelLink(page, COUNT).count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('is scrolled to its end without a pause, one screen after the other', async () => {
    const { page } = await visitByName();
    await page.getByRole('heading', { name: 'Training history' }).waitFor();
    // How long exactly is a matter of the benchmark; a busy machine must not make a difference here.
    expect(await longestTaskOfScrollMs(page)).toBeLessThan(1_500);
    await expect.poll(() => modelLink(page, COUNT).isVisible()).toBe(true);
    expect(await rows(page).count()).toBeLessThan(MOST_ROWS);
    expect(await rows(page).last().getAttribute('aria-rowindex')).toBe(String(COUNT + 1));
  });

  it('is gone through with the keyboard', async () => {
    const { page } = await visitByName();
    const isInSight = (number: number) =>
      modelLink(page, number).evaluateAll(([found]) => {
        const { top, bottom } = found?.getBoundingClientRect() ?? { top: -1, bottom: -1 };
        return top >= 0 && bottom <= innerHeight;
      });
    // Rows that are measured while the page moves shift it by a pixel or two, also after it has arrived.
    const goHome = () =>
      expect
        .poll(async () => {
          await page.keyboard.press('Home');
          return page.evaluate(() => scrollY);
        })
        .toBe(0);
    await page.keyboard.press('End');
    await expect.poll(() => isInSight(COUNT)).toBe(true);
    await goHome();
    await expect
      .poll(async () => {
        await page.keyboard.press('PageDown');
        return page.evaluate(() => scrollY);
      })
      .toBeGreaterThan(300);
    await goHome();
    await modelLink(page, 1).focus();
    for (let step = 0; step < 3; step++) await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(modelName(2));
  });

  it('is searched', async () => {
    const { page } = await visitByName();
    await page.getByLabel('Search models').fill('321');
    await expect.poll(() => rows(page).count()).toBe(2);
    await modelLink(page, 321).waitFor();
    await page.getByText(`1 of ${COUNT}`).waitFor();
  });

  it('is chosen from, all of them, for an export', async () => {
    const { page } = await site.visit('export');
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByRole('button', { name: `Start ${COUNT} exports` }).waitFor();
    expect(await page.getByRole('checkbox', { name: /^model_/ }).count()).toBeLessThan(MOST_ROWS);
  });
});

describe('what was drawn', () => {
  it.each([
    ['models', (page: Page) => rows(page).nth(1)],
    ['export', (page: Page) => page.getByRole('checkbox', { name: /^model_/ })],
    ['downloads', (page: Page) => page.getByText('Nothing exported yet')],
    ['jobs', (page: Page) => page.getByRole('button', { name: /^Show details/ })],
    ['board', (page: Page) => page.getByRole('main').getByText('No model is active')],
  ] as const)('on the tab of %s stays where it is while the rest is loaded', async (tab, shown) => {
    const { page, faults } = await site.visit(tab);
    await shown(page).first().waitFor();
    await expect.poll(() => page.getByRole('status', { name: /^Loading/ }).count()).toBe(0);
    expect(await layoutShift(page)).toBeLessThanOrEqual(0.01);
    expect(faults).toEqual([]);
  });

  it('would be found out if it moved, so that the tests above mean something', async () => {
    const { page } = await site.visit('models');
    await rows(page).nth(1).waitFor();
    await page.evaluate(() => {
      const block = document.createElement('div');
      block.style.height = '300px';
      document.body.prepend(block);
    });
    await expect.poll(() => layoutShift(page)).toBeGreaterThan(0.01);
  });
});
