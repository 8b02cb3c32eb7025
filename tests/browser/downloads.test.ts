import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import JSZip from 'jszip';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
const EXPORTS = 6;

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 0,
    prepare: ({ modelsDir }) => copyFile(FIXTURE, join(modelsDir, 'model_v1.pt')),
  });
  await site.client.model('model_v1');
  for (let count = 0; count < EXPORTS; count++) {
    const format = count % 2 === 0 ? 'onnx' : 'pytorch';
    const metadata = { purpose: `number ${count}` };
    await site.client.finish(await site.client.export(format, 'model_v1', { metadata }));
  }
});
afterAll(() => site?.close());

interface ExportRow {
  readonly filename: string;
  readonly sha256: string;
  readonly metadata_filename?: string;
}

async function listed(): Promise<ExportRow[]> {
  return (await site.client.get('/api/model/exports')).body['exports'] as ExportRow[];
}

describe('the downloads', () => {
  it('give an export, alone and with its metadata in one archive', async () => {
    const { page, faults } = await site.visit('downloads');
    const onnx = (await listed()).find(({ metadata_filename }) => metadata_filename !== undefined);
    const row = page.getByRole('row').filter({ hasText: onnx?.filename ?? '' });
    const save = async (link: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        row.getByRole('link').getByText(link, { exact: true }).click(),
      ]);
      return readFile(await download.path());
    };
    const bytes = await save('.onnx');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(onnx?.sha256);
    const archive = await JSZip.loadAsync(await save('.zip'));
    expect(Object.keys(archive.files).sort()).toEqual([onnx?.filename, onnx?.metadata_filename].sort());
    expect(await archive.file(onnx?.filename ?? '')?.async('nodebuffer')).toEqual(bytes);
    expect(faults).toEqual([]);
  });

  it('are found by name and by format', async () => {
    const { page } = await site.visit('downloads');
    const rows = page.getByRole('table', { name: 'Exports' }).locator('tbody').getByRole('row');
    await expect.poll(() => rows.count()).toBe(EXPORTS);
    await page.getByLabel('Format').selectOption({ label: 'ONNX' });
    await expect.poll(() => rows.count()).toBe(EXPORTS / 2);
    await page.getByLabel('Search exports').fill('nothing of the kind');
    await page.getByRole('button', { name: 'Show all exports' }).click();
    await expect.poll(() => rows.count()).toBe(EXPORTS);
  });

  it('tell all metadata, and a line for curl that works', async () => {
    const { page } = await site.visit('downloads');
    const [newest] = await listed();
    await page.getByRole('button', { name: `Details of ${newest?.filename}` }).click();
    const drawer = page.getByRole('dialog');
    await drawer
      .getByText(newest?.sha256 ?? '')
      .first()
      .waitFor();
    expect(await drawer.innerText()).toMatch(new RegExp(`number ${EXPORTS - 1}`));
    expect(await drawer.innerText()).toContain(`${site.system.url}/api/model/download/${newest?.filename}`);
  });

  it('name in words what can be done with them, where there is no pointer to show tips', async () => {
    const { page, message } = await site.visit('downloads', {
      viewport: { width: 820, height: 1000 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const [newest] = await listed();
    const more = page.getByRole('button', { name: `More on ${newest?.filename}` });
    await more.click();
    expect(await page.getByRole('menuitem').allInnerTexts()).toEqual(['Copy curl command', 'Details', 'Delete']);
    await page.getByRole('menuitem', { name: 'Copy curl command' }).click();
    await message('The curl command was copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl .*download/);
    await more.click();
    await page.getByRole('menuitem', { name: 'Details' }).click();
    await page.getByRole('dialog', { name: newest?.filename ?? '' }).waitFor();
  });

  it('lose one after a question, and its metadata with it', async () => {
    const { page, message, faults } = await site.visit('downloads');
    const onnx = (await listed()).find(({ metadata_filename }) => metadata_filename !== undefined);
    await page.getByRole('button', { name: `Delete ${onnx?.filename}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: /^Delete/ }).click();
    await message(onnx?.filename ?? '').waitFor();
    await expect
      .poll(() =>
        page
          .getByRole('row')
          .filter({ hasText: onnx?.filename ?? '' })
          .count(),
      )
      .toBe(0);
    for (const name of [onnx?.filename, onnx?.metadata_filename]) {
      expect((await site.client.get(`/api/model/download/${name}`)).status).toBe(404);
    }
    expect(faults).toEqual([]);
  });

  it('are cleaned up as was shown before, and not otherwise', async () => {
    const { page, message } = await site.visit('downloads');
    const before = await listed();
    await page.getByRole('button', { name: 'Clean up' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('spinbutton').fill('2');
    for (const { filename } of before.slice(2)) await dialog.getByText(filename).waitFor();
    expect(await dialog.getByText(before[1]?.filename ?? '').count()).toBe(0);
    expect(await listed()).toHaveLength(before.length);
    await dialog.getByRole('button', { name: /^Remove \d+ files, / }).click();
    await message(/files were removed/).waitFor();
    expect((await listed()).map(({ filename }) => filename)).toEqual(
      before.slice(0, 2).map(({ filename }) => filename),
    );
  });
});
