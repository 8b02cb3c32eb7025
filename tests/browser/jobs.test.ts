import { copyFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kill } from '../setup/system.js';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    prepare: async ({ modelsDir }) => {
      for (const name of ['model_v1', 'model_v2']) await copyFile(FIXTURE, join(modelsDir, `${name}.pt`));
    },
  });
  for (const name of ['model_v1', 'model_v2']) await site.client.model(name);
});
afterAll(() => site?.close());

describe('the jobs', () => {
  it('come and go on as they happen, and say in words how they ended', async () => {
    const { page, faults } = await site.visit('jobs?type=export');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('No job matches').waitFor();
    for (const exporter of site.system.processes.exporter.splice(0)) await kill(exporter);
    await site.client.export('onnx', 'model_v1');
    const row = page.getByRole('region', { name: 'Jobs' }).getByRole('listitem');
    await expect.poll(() => row.count()).toBe(1);
    expect(await row.innerText()).toContain('Queued');
    await truncate(join(site.system.modelsDir, 'model_v1.pt'), 30_000);
    await site.system.start('exporter');
    await row.getByText('Failed', { exact: true }).waitFor();
    expect(await row.innerText()).toMatch(/has no end/);
    await copyFile(FIXTURE, join(site.system.modelsDir, 'model_v1.pt'));
    await row.getByRole('button', { name: /^Retry/ }).click();
    await row.getByText('Completed', { exact: true }).waitFor();
    await row.getByRole('link', { name: /^Download model_v1_export_/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it('are narrowed down by kind, state and model, and the address keeps that', async () => {
    await site.client.post('/api/model/load/model_v2?wait=30');
    await site.client.finish(await site.client.export('pytorch', 'model_v2'));
    const { page } = await site.visit('jobs');
    const rows = page.getByRole('region', { name: 'Jobs' }).getByRole('listitem');
    await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Exports' });
    await expect.poll(async () => (await rows.allInnerTexts()).every((text) => text.includes('Export to'))).toBe(true);
    await page.getByLabel('Model', { exact: true }).selectOption('model_v2');
    await expect.poll(() => rows.count()).toBe(1);
    await page.reload();
    await expect.poll(() => rows.count()).toBe(1);
    await expect.poll(() => rows.innerText()).toMatch(/model_v2[\s\S]*Completed/);
    await page.getByLabel('State', { exact: true }).selectOption('failed');
    await page.getByRole('button', { name: 'Show all jobs' }).click();
    await expect.poll(() => rows.count()).toBeGreaterThan(2);
  });

  it('are offered to be tried again only where that can help', async () => {
    const bytes = new Uint8Array(4_000);
    await fetch(`${site.system.url}/api/model/upload/refused`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
    const { page } = await site.visit('jobs?model=refused');
    const row = page.getByRole('region', { name: 'Jobs' }).getByRole('listitem');
    await row.getByText(/begins with zeros/).waitFor();
    expect(await row.getByRole('button', { name: /^Retry/ }).count()).toBe(0);
  });

  it('are cancelled while they wait', async () => {
    for (const exporter of site.system.processes.exporter.splice(0)) await kill(exporter);
    const id = await site.client.export('onnx', 'model_v2');
    const { page } = await site.visit('jobs?type=export&status=queued');
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await expect.poll(async () => (await site.client.job(id)).status).toBe('cancelled');
    await page.getByText('No job matches').waitFor();
  });

  it('leave the focus with the row whose button is gone', async () => {
    const id = await site.client.export('onnx', 'model_v2');
    const { page } = await site.visit('jobs?type=export');
    const row = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /^Cancel/ }) });
    await row.getByRole('button', { name: /^Cancel/ }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await site.client.job(id)).status).toBe('cancelled');
    await expect.poll(() => row.count()).toBe(0);
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toContain('Cancelled');
  });
});
