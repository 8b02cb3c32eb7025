import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { violations } from './axe.js';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
const TABS = ['models', 'export', 'downloads', 'jobs', 'board'] as const;
/** The longest that there can be, without a place where it could be broken. */
const LONG_NAME = 'z'.repeat(128);
const THEMES = ['light', 'dark'] as const;

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    prepare: async ({ modelsDir }) => {
      for (const name of ['model_v1', 'model_v2', 'model_v3']) await copyFile(FIXTURE, join(modelsDir, `${name}.pt`));
      await copyFile(FIXTURE, join(modelsDir, `${LONG_NAME}.pt`));
      await writeFile(join(modelsDir, 'broken.pt'), 'This is no checkpoint.');
    },
  });
  const { client } = site;
  for (const name of ['model_v1', 'model_v2', 'model_v3', LONG_NAME, 'broken']) await client.model(name);
  for (const name of ['model_v1', 'model_v2']) {
    const { status } = await client.post(`/api/model/load/${name}?wait=30`);
    expect(status).toBe(200);
  }
  for (const format of ['onnx', 'pytorch']) await client.finish(await client.export(format, 'model_v1'));
});
afterAll(() => site?.close());

/** Waits until a tab shows what it is for, and nothing moves any more. */
async function settled(page: Page, tab: (typeof TABS)[number]): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const sign = {
    models: page.getByRole('link', { name: 'model_v3', exact: true }),
    export: page.getByRole('link', { name: /Download model_v1/ }).first(),
    downloads: page.getByText(/model_v1_export_.*\.onnx/).first(),
    jobs: page
      .locator('span')
      .filter({ hasText: /^Completed$/ })
      .first(),
    board: page.getByRole('heading', { level: 1 }),
  }[tab];
  await sign.waitFor();
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => 0))),
  );
}

describe.each(THEMES)('in the %s theme', (colorScheme) => {
  it.each(TABS)('the tab %s is accessible', async (tab) => {
    const { page, faults } = await site.visit(tab, { colorScheme, reducedMotion: 'reduce' });
    await settled(page, tab);
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe(colorScheme);
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it.each([
    ['what is known of a model', 'models?name=model_v2', undefined],
    ['what is known of a broken model', 'models?name=broken', undefined],
    ['the question before a model is replaced', 'models', 'Load model_v3'],
    ['the question before a clean-up', 'downloads', /Clean up/],
  ])('%s is accessible', async (_, place, button) => {
    const { page } = await site.visit(place, { colorScheme, reducedMotion: 'reduce' });
    if (button !== undefined) await page.getByRole('button', { name: button }).click();
    await page.getByRole('dialog').waitFor();
    await expect.poll(() => page.locator('dialog [role=status]').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
  });
});

describe('the theme', () => {
  it('follows the system until one is chosen, and the choice is kept', async () => {
    const { page } = await site.visit('models', { colorScheme: 'dark' });
    const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
    expect(await theme()).toBe('dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(theme).toBe('light');
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByText('Dark', { exact: true }).click();
    expect(await theme()).toBe('dark');
    await page.reload();
    expect(await theme()).toBe('dark');
  });
});

describe('on a phone', () => {
  it.each(TABS)('360 pixels are wide enough for the tab %s', async (tab) => {
    const { page, faults } = await site.visit(tab, { viewport: { width: 360, height: 740 }, hasTouch: true });
    await settled(page, tab);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    // The tabs stand where thumbs are.
    const navigation = await page.getByRole('navigation', { name: 'Tabs' }).boundingBox();
    expect((navigation?.y ?? 0) + (navigation?.height ?? 0)).toBe(740);
    await page.getByRole('navigation').getByRole('link', { name: 'Jobs' }).click();
    await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
    expect(faults).toEqual([]);
  });
});

describe('a name of the greatest length', () => {
  it.each([360, 640, 768, 1024])('fits into %i pixels', async (width) => {
    const { page } = await site.visit('models', { viewport: { width, height: 800 } });
    await settled(page, 'models');
    await page.getByRole('link', { name: LONG_NAME, exact: true }).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await page.getByRole('button', { name: `Load ${LONG_NAME}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    expect(await dialog.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  });
});

describe('with the keyboard', () => {
  it('one skips the tabs, and a dialog gives the focus back', async () => {
    const { page } = await site.visit('models');
    await settled(page, 'models');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    const button = page.getByRole('button', { name: 'Load model_v3' });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  });
});
