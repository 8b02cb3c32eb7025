import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What is wrong for those who cannot see or use a mouse, by the rules of WCAG 2.2 A and AA and good practice. */
export async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run();
    return violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ target, any }) => [target, any[0]?.message]) }));
  });
}
