import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type System, startSystem } from '../setup/system.js';
import { openBrowser, openWatchedPage } from './open-browser.js';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem({ redisUrl: inject('redisUrl') }), openBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

it('shows itself, without a fault and without a breach of its policy', async () => {
  const { page, faults } = await openWatchedPage(browser);
  const answer = await page.goto(system.url);
  expect(answer?.status()).toBe(200);
  expect(answer?.headers()['content-security-policy']).toContain("default-src 'self'");
  await page.getByText('Caissa').first().waitFor();
  expect(await page.title()).toContain('Caissa');
  await page.waitForLoadState('load');
  expect(faults).toEqual([]);
});

it('would be told of a fault, so that the test above means something', async () => {
  const { page, faults } = await openWatchedPage(browser);
  await page.goto(system.url);
  await page.addScriptTag({ content: 'throw new Error("an inline script ran")' }).catch(() => undefined);
  await expect.poll(() => faults.join('\n')).toContain('Content Security Policy');
  expect(faults.join('\n')).not.toContain('an inline script ran');
});

it('keeps its head when a tab cannot be had, and the other tabs go on', async () => {
  const { page } = await openWatchedPage(browser);
  await page.route('**/assets/jobs-page*', (route) => route.abort());
  await page.goto(system.url);
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('alert').getByText('This tab could not be shown').waitFor();
  await page.getByRole('link', { name: 'Downloads' }).click();
  await page.getByRole('heading', { name: 'Downloads', level: 1 }).waitFor();
  await page.unroute('**/assets/jobs-page*');
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('button', { name: 'Load the page anew' }).click();
  await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
});

it('begins each tab at its top', async () => {
  const { page } = await openWatchedPage(browser);
  await page.setViewportSize({ width: 600, height: 300 });
  await page.goto(`${system.url}/#/board`);
  await page.getByRole('heading', { name: 'Board', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Stalemate' }).scrollIntoViewIfNeeded();
  await page.getByRole('link', { name: 'Export', exact: true }).click();
  await page.getByRole('heading', { name: 'Export', level: 1 }).waitFor();
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

it('asks to sign in anew when the session ends, and comes back to the same tab', async () => {
  const key = 'k'.repeat(40);
  const guarded = await startSystem({ redisUrl: inject('redisUrl'), env: { API_KEYS: `operator:otto:${key}` } });
  try {
    const { page } = await openWatchedPage(browser);
    const signIn = async () => {
      // What is typed before the page's script is there goes nowhere.
      await page.waitForURL(/\/sign-in\?/, { waitUntil: 'load' });
      await page.getByLabel('Access key').fill(key);
      await page.keyboard.press('Enter');
    };
    await page.goto(`${guarded.url}/#/jobs?type=export`);
    await signIn();
    await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
    expect(page.url()).toContain('#/jobs?type=export');
    await page.context().clearCookies();
    await signIn();
    await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
    expect(page.url()).toContain('#/jobs?type=export');
  } finally {
    await guarded.stop();
  }
});
