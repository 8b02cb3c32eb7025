import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';

/** The first button by which something can be done; the bare page has one too. */
const FIRST_ACTION = 'button[aria-label^="Load "]';

/** Does something with a page that a browser which knows nothing yet has just begun to open. */
async function freshPage<T>(browser: Browser, url: string, use: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'commit' });
    return await use(page);
  } finally {
    await context.close();
  }
}

/** Milliseconds from the start of the navigation until the first button is there and the page has nothing else to do. */
export function timeToInteractiveMs(browser: Browser, url: string): Promise<number> {
  return freshPage(browser, url, (page) =>
    page.evaluate(
      (wanted) =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (document.querySelector(wanted)) requestIdleCallback(() => resolve(performance.now()));
            else requestAnimationFrame(look);
          };
          look();
        }),
      FIRST_ACTION,
    ),
  );
}

/** Waits until nothing is on its way any more. */
async function untilComplete(page: Page): Promise<void> {
  await page.locator(FIRST_ACTION).first().waitFor();
  await page.getByRole('heading', { name: 'Training history' }).waitFor();
  await page.evaluate(() => new Promise((done) => requestIdleCallback(done)));
}

/** What a browser noted down of a kind: of `longtask` the durations in ms, of `layout-shift` how far things moved. */
function noted(page: Page, type: 'longtask' | 'layout-shift', since = 0): Promise<number[]> {
  return page.evaluate(
    ([wanted, from]) =>
      new Promise<number[]>((resolve) => {
        const found: number[] = [];
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            if (entry.startTime >= from) found.push('value' in entry ? Number(entry.value) : entry.duration);
          }
        }).observe({ type: wanted, buffered: true });
        // What happened so far is told in a task of its own, after the frame that is drawn next.
        requestAnimationFrame(() => setTimeout(() => requestIdleCallback(() => resolve(found))));
      }),
    [type, since] as const,
  );
}

/** How far things were moved while the page was loaded. Source: https://wicg.github.io/layout-instability/ */
export function layoutShift(browser: Browser, url: string): Promise<number> {
  return freshPage(browser, url, async (page) => {
    await untilComplete(page);
    return (await noted(page, 'layout-shift')).reduce((sum, value) => sum + value, 0);
  });
}

/**
 * The longest that the page is busy at a stretch while it is scrolled to its end, most of a screen with each frame, in ms;
 * 0 if never for more than 50 ms, which a browser does not tell.
 */
export function longestTaskOfScrollMs(browser: Browser, url: string): Promise<number> {
  return freshPage(browser, url, async (page) => {
    await untilComplete(page);
    const begun = await page.evaluate(async () => {
      const start = performance.now();
      while (scrollY + innerHeight < document.documentElement.scrollHeight - 1) {
        scrollBy({ top: innerHeight * 0.8, behavior: 'instant' });
        await new Promise((drawn) => requestAnimationFrame(drawn));
      }
      return start;
    });
    return Math.max(0, ...(await noted(page, 'longtask', begun)));
  });
}

/** Kilobytes of JavaScript that the page fetches by itself, each file compressed with gzip. */
export function scriptsKb(browser: Browser, url: string): Promise<number> {
  return freshPage(browser, url, async (page) => {
    await untilComplete(page);
    const scripts = await page.evaluate(() =>
      performance.getEntriesByType('resource').flatMap(({ name }) => (name.endsWith('.js') ? [name] : [])),
    );
    const sizes = await Promise.all(
      [...new Set(scripts)].map(async (script) => gzipSync(await (await fetch(script)).arrayBuffer()).length),
    );
    return sizes.reduce((sum, size) => sum + size, 0) / 1_000;
  });
}
