import { createHash } from 'node:crypto';
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PyDict } from '@caissa/pytorch';
import { saved, smallStateDict } from '@caissa/testing/small-checkpoint';
import type { Download, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kill } from '../setup/system.js';
import { openSite, type Site, writeFullSizeModels } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 0,
    prepare: async ({ modelsDir }) => {
      await writeFullSizeModels(modelsDir);
      await copyFile(FIXTURE, join(modelsDir, 'spoiled.pt'));
      await writeFile(join(modelsDir, 'broken.pt'), 'This is no checkpoint.');
      await writeFile(join(modelsDir, 'players.pt'), await twoNetworks());
    },
  });
  for (const name of ['model_v1', 'model_v2', 'spoiled', 'broken', 'players']) await site.client.model(name);
});
afterAll(() => site?.close());

/** A checkpoint of two networks, neither of which is more likely to be meant. */
async function twoNetworks(): Promise<Uint8Array> {
  const source = await saved(
    new PyDict([
      ['first', smallStateDict()],
      ['second', smallStateDict()],
    ]),
  );
  const bytes = new Uint8Array(source.sizeBytes);
  await source.readInto(bytes, 0);
  return bytes;
}

const digestOf = async (download: Download): Promise<string> =>
  createHash('sha256')
    .update(await readFile(await download.path()))
    .digest('hex');

/** The rows of the list of exports, the newest first. */
const latest = (page: Page): Locator => page.getByRole('region', { name: 'Latest exports' }).getByRole('listitem');

async function stopExporters(): Promise<void> {
  for (const exporter of site.system.processes.exporter.splice(0)) await kill(exporter);
}

describe('an export', () => {
  it('to both formats shows how it goes on, and gives the very bytes that the API tells of', async () => {
    const { page, faults } = await site.visit('export');
    await page.getByRole('checkbox', { name: 'model_v1' }).check();
    await page.getByRole('checkbox', { name: /PyTorch/ }).check();
    await page.getByText('Advanced', { exact: true }).click();
    await page.getByRole('button', { name: 'Add metadata' }).click();
    await page.getByLabel('Name of metadata 1').fill('purpose');
    await page.getByLabel('Value of metadata 1').fill('browser test');
    await page.getByLabel('Verification').selectOption('Full');
    await page.getByRole('button', { name: 'Start 2 exports' }).click();
    const list = page.getByRole('region', { name: 'Latest exports' });
    await expect.poll(() => list.getByRole('listitem').count()).toBe(2);
    for (const [format, extension] of [
      ['ONNX', '.onnx'],
      ['PyTorch', '.pt'],
    ] as const) {
      const link = list.getByRole('link', { name: `Download model_v1 as ${format}` });
      await link.waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      expect(download.suggestedFilename()).toMatch(new RegExp(`^model_v1_export_.*\\${extension}$`));
      const { body } = await site.client.get('/api/model/exports');
      const known = (body['exports'] as Record<string, unknown>[]).find(
        ({ filename }) => filename === download.suggestedFilename(),
      );
      expect(known?.['metadata']).toMatchObject({ purpose: 'browser test' });
      expect(await digestOf(download)).toBe(known?.['sha256']);
    }
    expect(faults).toEqual([]);
  });

  it('is started with the keyboard alone', async () => {
    const { page } = await site.visit('export');
    await page.getByLabel('Search models').focus();
    await page.keyboard.type('model_v2');
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.closest('label')?.textContent ?? document.activeElement?.textContent ?? '',
      );
    const tabTo = async (text: string) => {
      for (let steps = 0; steps < 40; steps++) {
        await page.keyboard.press('Tab');
        if ((await focused()).includes(text)) return;
      }
      throw new Error(`Tab never came to ${text}`);
    };
    await expect.poll(() => page.getByRole('checkbox', { name: /model_v/ }).count()).toBe(1);
    await tabTo('model_v2');
    await page.keyboard.press('Space');
    await tabTo('Start 1 export');
    await page.keyboard.press('Enter');
    const list = page.getByRole('region', { name: 'Latest exports' });
    await list.getByRole('link', { name: 'Download model_v2 as ONNX' }).waitFor();
  });

  it('of one of several networks is told which by its path, which helps no file that cannot be read', async () => {
    const { page, faults } = await site.visit('export');
    const players = page.getByRole('checkbox', { name: 'players' });
    await players.waitFor();
    expect(await players.isDisabled()).toBe(true);
    await page.getByText('Advanced', { exact: true }).click();
    await page.getByRole('textbox', { name: 'Weights' }).fill('second');
    await players.check();
    expect(await page.getByRole('checkbox', { name: 'broken' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Start 1 export' }).click();
    await latest(page).getByRole('link', { name: 'Download players as ONNX' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('is told by the name of its model on a phone too', async () => {
    await site.client.finish(await site.client.export('onnx', 'model_v1'));
    const { page } = await site.visit('export', { viewport: { width: 390, height: 844 }, hasTouch: true });
    const row = latest(page).first();
    const link = row.getByRole('link', { name: 'Download model_v1 as ONNX' });
    await link.waitFor();
    expect(await link.innerText()).toBe('');
    const name = row.getByText('model_v1', { exact: true });
    expect(await name.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)).toBe(true);
    const [above, below] = [await name.boundingBox(), await row.getByText('Completed').boundingBox()];
    expect(below?.y).toBeGreaterThanOrEqual((above?.y ?? 0) + (above?.height ?? 0));
  });

  it('that is refused tells why, and can be tried again', async () => {
    const { page, faults } = await site.visit('export?models=spoiled');
    await stopExporters();
    await page.getByRole('button', { name: 'Start 1 export' }).click();
    const row = latest(page).filter({ hasText: 'spoiled' });
    await row.getByText('Queued').waitFor();
    await truncate(join(site.system.modelsDir, 'spoiled.pt'), 20_000);
    await site.system.start('exporter');
    await row.getByText(/no end/).waitFor();
    expect(await row.innerText()).toContain('Failed');
    await copyFile(FIXTURE, join(site.system.modelsDir, 'spoiled.pt'));
    await row.getByRole('button', { name: /Retry/ }).click();
    await row.getByRole('link', { name: /Download spoiled/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it('is kept over a reload while it waits, and can be cancelled', async () => {
    await stopExporters();
    const { page } = await site.visit('export?models=model_v1,model_v2');
    await page.getByText('Advanced', { exact: true }).click();
    await page.getByLabel('ONNX operator set').selectOption('17');
    await page.getByRole('button', { name: 'Start 2 exports' }).click();
    const waiting = page
      .getByRole('region', { name: 'Latest exports' })
      .getByRole('listitem')
      .filter({ hasText: 'Queued' });
    await expect.poll(() => waiting.count()).toBe(2);
    await page.reload();
    await expect.poll(() => waiting.count()).toBe(2);
    expect(await page.getByLabel('ONNX operator set').isVisible()).toBe(true);
    expect(await page.getByLabel('ONNX operator set').inputValue()).toBe('17');
    await waiting
      .filter({ hasText: 'model_v1' })
      .getByRole('button', { name: /Cancel/ })
      .click();
    await expect.poll(() => waiting.count()).toBe(1);
    await site.system.start('exporter');
    await expect.poll(() => waiting.count(), { timeout: 30_000 }).toBe(0);
    const rows = latest(page);
    await expect.poll(() => rows.first().innerText(), { timeout: 30_000 }).toContain('Completed');
    expect(await rows.nth(1).innerText()).toContain('Cancelled');
  });

  it('is started from a row of the list in one click, and shown there until it can be downloaded', async () => {
    await stopExporters();
    const { page, message, faults } = await site.visit('models');
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'model_v2', exact: true }) });
    await page.getByRole('button', { name: 'Export model_v2' }).click();
    const menu = page.getByRole('menu', { name: 'Export model_v2' });
    await expect
      .poll(() => menu.getByRole('menuitem').allInnerTexts())
      .toEqual([expect.stringContaining('ONNX'), expect.stringContaining('PyTorch'), 'More options…']);
    await page.keyboard.press('Escape');
    await expect.poll(() => menu.count()).toBe(0);
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.keyboard.press('Enter');
    await expect.poll(focused).toContain('ONNX');
    await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toContain('PyTorch');
    await page.keyboard.press('Enter');
    await row.getByText(/^Export to PyTorch: .*\d %$/).waitFor();
    await site.system.start('exporter');
    const done = message('model_v2 to PyTorch is exported');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      done.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^model_v2_export_.*\.pt$/);
    await expect.poll(() => row.getByText(/^Export to/).count()).toBe(0);
    await page.getByRole('button', { name: 'Export model_v1' }).click();
    await page.getByRole('menuitem', { name: 'More options…' }).click();
    await page.getByRole('button', { name: 'Start 1 export' }).waitFor();
    expect(faults).toEqual([]);
  });

  it.each([
    [1280, 900],
    [1440, 900],
    [820, 1180],
    [390, 844],
  ])('is started without scrolling in %i by %i pixels, and then its progress is in sight', async (width, height) => {
    const { page } = await site.visit('export?models=model_v1', { viewport: { width, height } });
    const start = page.getByRole('button', { name: 'Start 1 export' });
    await start.waitFor();
    const tabs = await page.getByRole('navigation', { name: 'Tabs' }).boundingBox();
    const end = width < 640 ? (tabs?.y ?? 0) : height;
    const box = await start.boundingBox();
    expect((box?.y ?? end) + (box?.height ?? 0)).toBeLessThan(end);
    await start.click();
    await expect
      .poll(async () => {
        const { y = height } = (await latest(page).first().boundingBox()) ?? {};
        return y > 56 && y < end - 40;
      })
      .toBe(true);
  });
});
