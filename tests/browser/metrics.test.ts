import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@caissa/formats';
import { fromJson, PyDict } from '@caissa/pytorch';
import { saved, smallStateDict } from '@caissa/testing/small-checkpoint';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSite, type Site } from './site.js';

let site: Site;

/** Two runs whose models have the same versions, and one of which two models share a version. */
const MODELS: readonly (readonly [name: string, metadata: JsonObject])[] = [
  ...[1, 2, 3].map((version) => ['old', version, 5 - version] as const),
  ...[1, 2, 3].map((version) => ['new', version, 4 - version] as const),
  ['new', 3, 0.5] as const,
].map(([run, version, loss], at) => [
  at === 6 ? 'new_best' : `${run}_v${version}`,
  {
    version,
    training_date: `2026-0${run === 'old' ? 1 : 2}-0${at + 1}T22:18:00`,
    training_session_id: `session of ${run}`,
    training_loss: loss,
    win_rate: version * 25,
    num_epochs: 0.14,
  },
]);

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 0,
    prepare: async ({ modelsDir }) => {
      for (const [name, metadata] of MODELS) {
        const root = new PyDict([
          ['model_state_dict', smallStateDict()],
          ['metadata', fromJson(metadata)],
        ]);
        const source = await saved(root);
        const bytes = new Uint8Array(source.sizeBytes);
        await source.readInto(bytes, 0);
        await writeFile(join(modelsDir, `${name}.pt`), bytes);
      }
    },
  });
  for (const [name] of MODELS) await site.client.model(name);
});
afterAll(() => site?.close());

const chart = (page: Page) => page.getByRole('region', { name: 'Training history' });

/** The models that are named while the pointer goes over the chart, a few pixels at a time. */
async function hovered(page: Page): Promise<string[]> {
  const box = await chart(page)
    .getByRole('button', { name: /by version/ })
    .boundingBox();
  if (box === null) throw new Error('There is no chart');
  const found = new Set<string>();
  for (let x = box.x + 20; x < box.x + box.width; x += 40) {
    for (const part of [0.1, 0.35, 0.6, 0.85]) {
      await page.mouse.move(x, box.y + box.height * part);
      const name = await chart(page).locator('strong').first().textContent();
      if (name !== null) found.add(name);
    }
  }
  return [...found].sort();
}

describe('the training history', () => {
  it('is that of the newest run, and each of its models is reached', async () => {
    const { page, faults } = await site.visit('models');
    const run = chart(page).getByLabel('Training run');
    await run.waitFor();
    expect(await run.locator('option').allTextContents()).toEqual(['new', 'old', 'All runs']);
    expect(await hovered(page)).toEqual(['new_best', 'new_v1', 'new_v2', 'new_v3']);
    await run.selectOption('old');
    expect(await hovered(page)).toEqual(['old_v1', 'old_v2', 'old_v3']);
    expect(faults).toEqual([]);
  });

  it('of all runs has a line each, and each of their models is reached', async () => {
    const { page } = await site.visit('models');
    await chart(page).getByLabel('Training run').selectOption('All runs');
    await expect.poll(() => chart(page).getByRole('term').allTextContents()).toEqual(['new', 'old', 'Version']);
    expect(await hovered(page)).toEqual(MODELS.map(([name]) => name).sort());
  });
});

it('metrics are shown as they are: epochs in fractions, and win rates in percent', async () => {
  const { page } = await site.visit('models?name=new_v3');
  const drawer = page.getByRole('dialog', { name: 'new_v3' });
  await drawer.getByText('Epochs').waitFor();
  expect(await drawer.innerText()).toMatch(/Epochs\s+0\.14/);
  expect(await drawer.innerText()).toMatch(/Win rate\s+75\.0 %/);
});

describe('on a tablet', () => {
  it.each([768, 820, 1023])(
    'of %i pixels win rate, loss and day are in sight, and put the models in order',
    async (width) => {
      const { page } = await site.visit('models', { viewport: { width, height: 1180 }, locale: 'en-US' });
      const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'old_v2', exact: true }) });
      await row.waitFor();
      expect((await row.innerText()).split(/\s*\n\s*/)).toEqual([
        'old_v2',
        '2',
        'Jan 2, 2026',
        '50.0 %',
        '3',
        'Export',
        'Load',
      ]);
      const day = row.getByText('Jan 2, 2026', { exact: true });
      const isWhole = await day.evaluate((text) => {
        const cell = text.closest('[role=cell]');
        return cell !== null && cell.scrollWidth <= cell.clientWidth;
      });
      expect(isWhole).toBe(true);
      await page.getByRole('button', { name: 'Loss', exact: true }).click();
      const first = page.getByRole('row').nth(1);
      await expect.poll(() => first.innerText()).toContain('new_best');
      await page.getByLabel('Order of the models').selectOption({ label: 'Best win rate' });
      await expect.poll(() => first.innerText()).toContain('75.0 %');
    },
  );

  it('and on a phone the loss is told too, and buttons have their words', async () => {
    const { page } = await site.visit('models', { viewport: { width: 390, height: 844 } });
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'old_v2', exact: true }) });
    await row.getByText('v2 · wins 50.0 % · loss 3').waitFor();
    expect(await row.getByRole('button').allInnerTexts()).toEqual(['Export', 'Load']);
  });
});

describe('a refresh', () => {
  it.each(['button', 'key'])('by %s fetches what is shown, and says how old it is', async (way) => {
    const { page, faults } = await site.visit('models');
    await page.getByRole('link', { name: 'old_v1', exact: true }).waitFor();
    const refresh = page.getByRole('button', { name: 'Refresh' });
    await page.getByLabel('Search models').press('r');
    expect(await refresh.getAttribute('aria-busy')).toBeNull();
    await page.getByLabel('Search models').fill('');
    await page.getByRole('button', { name: 'Export old_v1' }).click();
    await page.getByRole('menu', { name: 'Export old_v1' }).press('r');
    expect(await refresh.getAttribute('aria-busy')).toBeNull();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'old_v1', exact: true }).click();
    await page.getByRole('dialog', { name: 'old_v1' }).getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('menu', { name: 'Export', exact: true }).press('r');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'old_v1' }).press('r');
    expect(await refresh.getAttribute('aria-busy')).toBeNull();
    await page.keyboard.press('Escape');
    const fetched = page.waitForRequest('**/api/model/list*');
    if (way === 'button') await refresh.click();
    else {
      await page.getByRole('heading', { level: 1 }).click();
      await page.keyboard.press('r');
    }
    await expect.poll(() => refresh.getAttribute('aria-busy')).toBe('true');
    await fetched;
    await page.getByText('Updated just now').waitFor();
    await expect.poll(() => refresh.getAttribute('aria-busy')).toBeNull();
    expect(faults).toEqual([]);
  });
});
