import type { Page } from 'playwright-core';

interface Entry extends PerformanceEntry {
  /** How far things moved; of a `layout-shift` only. */
  readonly value?: number;
  readonly hadRecentInput?: boolean;
}

/** What the browser noted down of a kind since the page was opened. */
function entriesOf(page: Page, type: 'layout-shift' | 'longtask'): Promise<Entry[]> {
  return page.evaluate(
    (wanted) =>
      new Promise<Entry[]>((resolve) => {
        const found: Entry[] = [];
        const observer = new PerformanceObserver((list) => {
          found.push(...list.getEntries().map((entry) => entry.toJSON() as Entry));
        });
        observer.observe({ type: wanted, buffered: true });
        // What happened so far is told in a task of its own, after the frame that is drawn next.
        requestAnimationFrame(() => setTimeout(() => requestIdleCallback(() => resolve(found))));
      }),
    type,
  );
}

/**
 * How far what was shown has been moved since the page was opened, except by what a visitor did.
 * Source: https://wicg.github.io/layout-instability/
 */
export async function layoutShift(page: Page): Promise<number> {
  const shifts = await entriesOf(page, 'layout-shift');
  return shifts.reduce((sum, { value = 0, hadRecentInput }) => sum + (hadRecentInput ? 0 : value), 0);
}

/**
 * Scrolls to the end of the page, most of a screen with each frame. Returns the longest that the page was busy at a
 * stretch meanwhile, in ms; 0 if never for more than 50 ms. It is done inside the page, where looking on costs nothing.
 */
export async function longestTaskOfScrollMs(page: Page): Promise<number> {
  const begun = await page.evaluate(async () => {
    const start = performance.now();
    const isAtEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    while (!isAtEnd()) {
      scrollBy({ top: innerHeight * 0.8, behavior: 'instant' });
      await new Promise((drawn) => requestAnimationFrame(drawn));
    }
    return start;
  });
  const tasks = await entriesOf(page, 'longtask');
  return Math.max(0, ...tasks.filter(({ startTime }) => startTime >= begun).map(({ duration }) => duration));
}
