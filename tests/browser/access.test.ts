import { copyFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { kill, until } from '../setup/system.js';
import { openSite, type Site } from './site.js';

const KEYS = { otto: 'otto-the-operator-of-this-test', vera: 'vera-the-viewer-of-this-test' } as const;
const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
let site: Site;

/** Asks the API as the operator. */
async function ask(method: string, path: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${KEYS.otto}` };
  return (await site.client.send(method, path, method === 'POST' ? {} : undefined, headers)).body;
}

const jobIs = (id: unknown, ...wanted: string[]) =>
  until(`job ${String(id)} is ${wanted.join(' or ')}`, async () => {
    const { status } = await ask('GET', `/api/jobs/${String(id)}`);
    return wanted.includes(String(status));
  });

const isReady = (name: string) =>
  until(`${name} is ready`, async () => (await ask('GET', `/api/model/info/${name}`))['status'] === 'ready');

async function stopExporters(): Promise<void> {
  for (const exporter of site.system.processes.exporter.splice(0)) await kill(exporter);
}

/** Has one of everything there: an active model, an export, a job that failed and one that waits. */
beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    env: { API_KEYS: `operator:otto:${KEYS.otto},viewer:vera:${KEYS.vera}` },
    prepare: async ({ modelsDir }) => {
      for (const name of ['first', 'second']) await copyFile(FIXTURE, join(modelsDir, `${name}.pt`));
    },
  });
  for (const name of ['first', 'second']) await isReady(name);
  for (const [path, end] of [
    ['/api/model/load/first', 'completed'],
    ['/api/model/load/second', 'completed'],
    ['/api/model/export/onnx/first', 'completed'],
  ] as const) {
    await jobIs((await ask('POST', path))['job_id'], end);
  }
  await stopExporters();
  const failing = (await ask('POST', '/api/model/export/onnx/second'))['job_id'];
  await truncate(join(site.system.modelsDir, 'second.pt'), 20_000);
  await site.system.start('exporter');
  await jobIs(failing, 'failed');
  // It can be tried again once its file is as it was.
  await copyFile(FIXTURE, join(site.system.modelsDir, 'second.pt'));
  await isReady('second');
  await stopExporters();
  await jobIs((await ask('POST', '/api/model/export/pytorch/first'))['job_id'], 'queued', 'active');
}, 120_000);
afterAll(() => site?.close());

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Access key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The page of somebody who has just signed in. */
async function visitAs(who: keyof typeof KEYS) {
  const visit = await site.visit('models');
  await signIn(visit.page, KEYS[who]);
  await modelLink(visit.page).waitFor();
  return visit;
}

const modelLink = (page: Page): Locator => page.getByRole('link', { name: 'second', exact: true }).last();

/** Where something is offered that a viewer is refused: the place, what is there for everybody, and what is not. */
const OFFERS: readonly (readonly [place: string, common: (page: Page) => Locator, offered: readonly RegExp[]])[] = [
  [
    'models',
    (page) => page.getByText(/Generation \d/),
    [/^Load /, /^Export /, /^Upload checkpoint$/, /^Roll back/, /^Unload$/],
  ],
  ['models?name=first', (page) => page.getByText(/tensors$/), [/^Load first$/, /^Export$/]],
  ['export', (page) => page.getByRole('link', { name: /^Download first/ }), [/^Start export$/, /^Cancel/]],
  ['downloads', (page) => page.getByRole('button', { name: /^Details of/ }), [/^Delete first/, /^Clean up$/]],
  ['jobs', (page) => page.getByText('Failed').last(), [/^Cancel/, /^Retry/]],
];

/** How often buttons or links of these names are offered. */
const offers = (page: Page, name: RegExp): Promise<number> =>
  page
    .getByRole('main')
    .or(page.getByRole('dialog'))
    .locator('button, a')
    .and(page.getByRole('button', { name }).or(page.getByRole('link', { name })))
    .count();

describe('somebody without a session', () => {
  it('is sent to sign in, is told of a wrong key, and comes back with a right one', async () => {
    const { page, faults, message } = await site.visit('models');
    await page.waitForURL(/\/sign-in/);
    await signIn(page, 'a-key-that-nobody-was-given');
    await expect.poll(() => page.getByRole('alert').innerText()).toMatch(/key/);
    expect(page.url()).toContain('/sign-in');
    expect(faults.splice(0)).toEqual([expect.stringContaining('/api/session')]);
    await signIn(page, KEYS.otto);
    await modelLink(page).waitFor();
    await page.getByRole('button', { name: 'Menu' }).click();
    expect(await page.getByText('Signed in as').innerText()).toBe('Signed in as otto (operator)');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Load first' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Load first' }).click();
    await message('first is active').getByRole('button', { name: 'Undo' }).click();
    await message('Rolled back to second').waitFor();
    expect(faults).toEqual([]);
  });
});

describe('an operator', () => {
  it('is offered everything on every tab', async () => {
    const { page } = await visitAs('otto');
    for (const [place, common, names] of OFFERS) {
      await page.goto(`${site.system.url}/#/${place}`);
      await common(page).first().waitFor();
      for (const name of names)
        await expect.poll(() => offers(page, name), { message: `${name} at ${place}` }).toBeGreaterThan(0);
    }
  });

  it('gets from the menu to the queues', async () => {
    const { page, faults } = await visitAs('otto');
    await page.getByRole('button', { name: 'Menu' }).click();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Queue dashboard' }).click();
    const dashboard = await opened;
    await dashboard.getByText('export').first().waitFor();
    expect(await dashboard.title()).toContain('Caissa queues');
    expect(faults).toEqual([]);
  });

  it('who signs out leaves nothing on the screen, in this window or another', async () => {
    const { page } = await visitAs('otto');
    const other = await page.context().newPage();
    await other.goto(`${site.system.url}/#/models`);
    await modelLink(other).waitFor();
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/\/sign-in/);
    expect(await page.getByText('second').count()).toBe(0);
    await other.waitForURL(/\/sign-in/);
    await page.goBack();
    await page.waitForURL(/\/sign-in/);
    expect(await page.getByText('second').count()).toBe(0);
  });
});

describe('a viewer', () => {
  it('is offered nothing that would be refused', async () => {
    const { page, faults } = await visitAs('vera');
    for (const [place, common, names] of OFFERS) {
      await page.goto(`${site.system.url}/#/${place}`);
      await common(page).first().waitFor();
      for (const name of names) expect([place, name, await offers(page, name)]).toEqual([place, name, 0]);
    }
    await page.goto(`${site.system.url}/#/export`);
    await page.getByText('cannot start any').waitFor();
    expect(await page.getByRole('region', { name: 'New export' }).count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('downloads exports all the same', async () => {
    const { page } = await visitAs('vera');
    await page.goto(`${site.system.url}/#/downloads`);
    const link = page.getByRole('link', { name: /onnx/i }).first();
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/^first_export_.*\.onnx$/);
    expect(await download.failure()).toBeNull();
  });
});
