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
