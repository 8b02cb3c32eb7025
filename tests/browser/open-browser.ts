import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.js';

/** A container has no rights for the sandbox; and nothing is to be asked of the network but the system under test. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name of this machine that browsers do not know to be its own, as servers in a network have.
  '--host-resolver-rules=MAP models.lan 127.0.0.1',
];

/** Starts a Chromium without a window. @throws Error if this machine has none */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(process.env), args: ARGUMENTS });
}

/** A page, and what its browser found fault with. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors that the page threw or printed, among them each breach of the content security policy. */
  readonly faults: string[];
}

/** Opens an empty page and begins to note its faults. */
export async function openWatchedPage(browser: Browser): Promise<WatchedPage> {
  return watch(await browser.newPage());
}

/** Begins to note the faults of a page. */
export function watch(page: Page): WatchedPage {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${message.text()} (${message.location().url})`);
  });
  return { page, faults };
}
