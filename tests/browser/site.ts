import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSampleModels } from '@caissa/conversion';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { Client } from '../setup/client.js';
import { type System, type SystemOptions, startSystem } from '../setup/system.js';
import { openBrowser, watch } from './open-browser.js';

/** A tab of the page as somebody sees it, and what its browser found fault with meanwhile. */
interface Visit {
  readonly page: Page;
  /** Errors that the page threw or printed, among them each breach of the content security policy. */
  readonly faults: string[];
  /** The message that tells this, at the edge of the page. */
  message(text: string | RegExp): Locator;
}

/** A whole running system, and a browser that looks at it. */
export interface Site {
  readonly system: System;
  readonly client: Client;
  readonly browser: Browser;
  /** Opens the page at `#/{place}` in a browser that knows nothing yet. `baseURL` is another way to the same system. */
  visit(place: string, options?: BrowserContextOptions): Promise<Visit>;
  close(): Promise<void>;
}

/** Starts a system and a browser. */
export async function openSite(systemOptions: SystemOptions): Promise<Site> {
  const [system, browser] = await Promise.all([startSystem(systemOptions), openBrowser()]);
  return {
    system,
    client: new Client(system.url),
    browser,
    visit: (place, options) => visit(browser, `${options?.baseURL ?? system.url}/#/${place}`, options),
    close: async () => {
      await browser.close();
      await system.stop();
    },
  };
}

async function visit(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  const { faults } = watch(page);
  await page.goto(address);
  return { page, faults, message: (text) => page.locator('[data-kind]').filter({ hasText: text }) };
}

/** Puts the sample models, which are real checkpoints of full size, into a folder. */
export async function writeFullSizeModels(modelsDir: string): Promise<void> {
  const folder = `${modelsDir}-samples`;
  for (const path of await writeSampleModels(folder)) {
    await rename(path, join(modelsDir, path.slice(folder.length + 1)));
  }
  await rm(folder, { recursive: true });
}
