import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CurrentModel, Readiness } from '@caissa/shared/contracts';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { kill } from '../setup/system.js';
import { violations } from './axe.js';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
const WIDTHS = [390, 820, 1280, 1920, 2560] as const;
const GB = 1024 ** 3;

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    prepare: ({ modelsDir }) => copyFile(FIXTURE, join(modelsDir, 'steady.pt')),
  });
  await site.client.model('steady');
  expect((await site.client.post('/api/model/load/steady?wait=30')).status).toBe(200);
});
afterEach(async () => {
  for (const context of site.browser.contexts()) {
    for (const page of context.pages()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  }
});
afterAll(() => site?.close());

const devicesButton = (page: Page) => page.getByRole('button', { name: /^Devices and replicas/ });
const devices = (page: Page) => page.getByRole('region', { name: 'Devices and replicas' });
const banner = (page: Page, text: string) => page.getByRole('alert').filter({ hasText: text });
const activePanel = (page: Page) => page.getByRole('region', { name: 'Active model steady' });
const bestMoves = (page: Page) => page.getByRole('list', { name: 'Best moves of steady' }).getByRole('listitem');

/** Has the page see another state of the system than there is. */
async function pretend(
  page: Page,
  change: (current: CurrentModel) => Partial<CurrentModel>,
  { reload = true } = {},
): Promise<void> {
  await page.route('**/api/model/current', async (route) => {
    const current = (await (await route.fetch()).json()) as CurrentModel;
    await route.fulfill({ json: { ...current, ...change(current) } });
  });
  if (reload) await page.reload();
}

/** `count` replicas like those there are, changed by their place. */
const replicasLike =
  (count: number, change: (index: number) => Partial<CurrentModel['replica_list'][number]>) =>
  ({ replica_list: [first] }: CurrentModel): Partial<CurrentModel> => {
    if (first === undefined) throw new Error('the system has no replica');
    const list = Array.from({ length: count }, (_, index) => ({ ...first, id: `r${index}`, ...change(index) }));
    return {
      replica_list: list,
      replicas: { ready: list.filter(({ state }) => state === 'ready').length, total: count },
    };
  };

it.each(WIDTHS)(
  'at %i pixels the menu opens at its button, and every replica is told of without a mouse',
  async (width) => {
    const { page, faults } = await site.visit('models', {
      viewport: { width, height: 900 },
      hasTouch: true,
      reducedMotion: 'reduce',
    });
    const menuButton = page.getByRole('button', { name: 'Menu' });
    await menuButton.tap();
    const menu = await page.locator(':popover-open').boundingBox();
    const at = await menuButton.boundingBox();
    if (menu === null || at === null) throw new Error('there is no menu');
    expect(Math.abs(menu.x + menu.width - (at.x + at.width))).toBeLessThanOrEqual(2);
    expect(menu.y - (at.y + at.height)).toBeGreaterThanOrEqual(0);
    expect(menu.y - (at.y + at.height)).toBeLessThanOrEqual(16);
    await page.keyboard.press('Escape');

    const { cpu } = (await site.client.get('/api/device/info')).body as { cpu: { model: string; cores: number } };
    await devicesButton(page).focus();
    await page.keyboard.press('Enter');
    const text = await devices(page).innerText();
    for (const part of [`${cpu.model}, ${cpu.cores} core`, 'Ready', 'steady', 'Execution provider', 'Generation']) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/\d GB of \d.* GB/);
    await page.keyboard.press('Escape');
    await expect.poll(() => devices(page).count()).toBe(0);
    await devicesButton(page).tap();
    const box = await devices(page).boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
  },
);

describe('replicas', () => {
  it('on a GPU are told with its name and its memory, one that failed with its problem', async () => {
    const { page } = await site.visit('models', { viewport: { width: 1280, height: 500 } });
    await pretend(page, (current) => {
      const device_info = {
        ...current.device_info,
        device_type: 'cuda' as const,
        device_name: 'NVIDIA H200',
        is_gpu: true,
        execution_providers: ['cuda', 'cpu'],
        gpu: { memory_allocated: 3.2 * GB, memory_total: 140 * GB },
      };
      const failed = { host: 'gpu-02', state: 'failed', model_name: null, problem: 'Out of memory.' } as const;
      const list = replicasLike(3, (index) => ({ host: 'gpu-01', device_info, ...(index === 1 ? failed : {}) }))(
        current,
      );
      return { device_info, ...list };
    });
    await expect.poll(() => devicesButton(page).innerText()).toMatch(/2\/3\s*NVIDIA H200/);
    await devicesButton(page).click();
    const items = devices(page).getByRole('listitem');
    expect(await items.count()).toBe(3);
    expect(await items.nth(0).innerText()).toMatch(
      /gpu-01[\s\S]*NVIDIA H200[\s\S]*3\.20 GB of 140\.00 GB[\s\S]*CUDA, CPU/,
    );
    expect(await items.nth(1).innerText()).toMatch(/gpu-02[\s\S]*Failed[\s\S]*Out of memory\./);
    expect(await violations(page)).toEqual([]);
  });

  it.each([
    ['amber', 'some do not serve', replicasLike(2, (index) => (index === 0 ? {} : { state: 'opening' }))],
    ['red', 'none serves', () => ({ replicas: { ready: 0, total: 0 }, replica_list: [] })],
  ])('turn the header %s when %s, and nothing is green', async (color, _, change) => {
    const { page } = await site.visit('models');
    await expect.poll(() => hueOf(page, 'a[title^="Active model"] > span')).toBe('green');
    await pretend(page, change);
    await expect.poll(() => hueOf(page, 'a[title^="Active model"] > span')).toBe(color);
    await expect.poll(() => hueOf(page, 'button[title="Devices and replicas"]')).toBe(color);
    const card = page.getByRole('region', { name: 'Active model', exact: true });
    await card.waitFor();
    const outage = 'No loader is running: positions are not answered.';
    expect(await banner(page, outage).count()).toBe(color === 'red' ? 1 : 0);
    if (color === 'amber') return;
    expect(await card.innerText()).toContain(outage);
    const badge = page.getByRole('row').filter({ hasText: 'steady' }).getByText('Active', { exact: true });
    expect(await badge.evaluate((element) => getComputedStyle(element).color)).not.toBe(await accentOf(page));
    expect(await violations(page)).toEqual([]);
  });
});

/** Which of the colours of a state an element's ground has. */
function hueOf(page: Page, selector: string): Promise<string | undefined> {
  return page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const [red = 0, green = 0, blue = 0] =
        getComputedStyle(element)
          .backgroundColor.match(/[\d.]+/g)
          ?.map(Number) ?? [];
      if (green > red && green > blue) return 'green';
      return green - blue > 10 ? 'amber' : red > green ? 'red' : undefined;
    });
}

const accentOf = (page: Page) =>
  page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--accent-text)';
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  });

describe('the board', () => {
  it('asks again by itself when a loader that knew of no active model does', async () => {
    const { page } = await site.visit('models');
    let refusals = 0;
    await page.route('**/api/model/evaluate', async (route) => {
      if (++refusals > 4) return route.continue();
      const refusal = { success: false, code: 'NO_ACTIVE_MODEL', detail: 'No model is active.', status: 409 };
      await route.fulfill({ status: 409, json: refusal, contentType: 'application/problem+json' });
    });
    await page.evaluate(() => location.assign('#/board'));
    await activePanel(page).getByText('Retrying automatically').waitFor();
    expect(await page.getByText('No model is active').count()).toBe(0);
    await expect.poll(() => bestMoves(page).count()).toBe(5);
  });

  it('asks again by itself after a failure when other replicas are ready', async () => {
    const { page } = await site.visit('models');
    let isBroken = true;
    await page.route('**/api/model/evaluate', async (route) => {
      if (!isBroken) return route.continue();
      const failure = { success: false, code: 'SESSION_FAILED', detail: 'The model could not be run.', status: 500 };
      await route.fulfill({ status: 500, json: failure });
    });
    await page.evaluate(() => location.assign('#/board'));
    await activePanel(page).getByRole('button', { name: 'Try again' }).waitFor();
    isBroken = false;
    await pretend(
      page,
      replicasLike(2, () => ({})),
      { reload: false },
    );
    await expect.poll(() => bestMoves(page).count()).toBe(5);
  });

  it('waits as long as the API says', async () => {
    const { page } = await site.visit('models');
    const asked: number[] = [];
    await page.route('**/api/model/evaluate', async (route) => {
      asked.push(Date.now());
      if (asked.length > 1) return route.continue();
      await route.fulfill({
        status: 503,
        headers: { 'Retry-After': '3' },
        json: { success: false, code: 'NO_READY_REPLICA', detail: 'No loader can answer.', status: 503 },
      });
    });
    await page.evaluate(() => location.assign('#/board'));
    await expect.poll(() => bestMoves(page).count()).toBe(5);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(2_900);
  });

  it('says within ten seconds that the loader hangs or is gone, and goes on when one is there', async () => {
    const { page } = await site.visit('board');
    await expect.poll(() => bestMoves(page).count()).toBe(5);
    const [loader] = site.system.processes.loader;
    if (loader === undefined) throw new Error('the system has no loader');
    loader.kill('SIGSTOP');
    await page.getByRole('button', { name: 'Opening' }).click();
    await activePanel(page).getByText('Retrying automatically').waitFor({ timeout: 10_000 });
    await banner(page, 'No loader is running').waitFor({ timeout: 10_000 });
    loader.kill('SIGCONT');
    await expect.poll(() => bestMoves(page).count()).toBe(5);
    await kill(loader);
    await banner(page, 'No loader is running').waitFor();
    await page.getByRole('button', { name: 'Endgame' }).click();
    await activePanel(page).getByText('Retrying automatically').waitFor({ timeout: 10_000 });
    await site.system.start('loader');
    await expect.poll(() => bestMoves(page).count()).toBe(5);
    await expect.poll(() => page.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
  });
});

describe('what is shown', () => {
  it('is not called live while the queue cannot be reached', async () => {
    const { page } = await site.visit('jobs');
    await page.getByText('Live', { exact: true }).waitFor();
    const refusal = { success: false, code: 'REDIS_UNAVAILABLE', detail: 'The queue cannot be reached.', status: 503 };
    await page.route('**/api/model/current', (route) => route.fulfill({ status: 503, json: refusal }));
    await banner(page, 'The job queue cannot be reached').waitFor();
    await expect.poll(() => page.getByText('Live', { exact: true }).count()).toBe(0);
    await page.unroute('**/api/model/current');
    await page.getByText('Live', { exact: true }).waitFor();
  });

  it.each([360, 1280])('of what is wrong has a line for each thing, at %i pixels', async (width) => {
    const { page, faults } = await site.visit('models', { viewport: { width, height: 740 } });
    const paused = page.getByRole('status').filter({ hasText: 'paused' });
    expect(await paused.count()).toBe(0);
    await page.route('**/readyz', async (route) => {
      const readiness = (await (await route.fetch()).json()) as Readiness;
      const evicts = { code: 'REDIS_EVICTS', message: 'Redis may drop jobs.', since: new Date().toISOString() };
      await route.fulfill({ json: { ...readiness, conditions: [...readiness.conditions, evicts] } });
    });
    const queue = '/admin/queues/api/queues/export';
    await site.client.send('PUT', `${queue}/pause`, {}, { origin: site.system.url });
    await page.reload();
    await paused.waitFor({ timeout: 15_000 });
    await page.getByRole('status').filter({ hasText: 'Redis may drop jobs.' }).waitFor();
    expect(await paused.innerText()).not.toContain('Redis');
    expect(await page.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await violations(page)).toEqual([]);
    await site.client.send('PUT', `${queue}/resume`, {}, { origin: site.system.url });
    await expect.poll(() => paused.count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('of a model that is being written says when it is inspected, on a phone too', async () => {
    const { page } = await site.visit('models', { viewport: { width: 360, height: 740 }, hasTouch: true });
    const growing = await open(join(site.system.modelsDir, 'growing.pt'), 'w');
    const writing = setInterval(() => void growing.write('more of it'), 200);
    const row = page.getByRole('row').filter({ hasText: 'growing' });
    await row.getByText('Being written').waitFor();
    await row.getByText('Inspection starts when the file stops changing.').waitFor();
    await row.getByRole('link', { name: 'growing', exact: true }).tap();
    const details = page.getByRole('dialog', { name: 'growing' });
    await details.getByText('Inspection starts when the file stops changing.').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await violations(page)).toEqual([]);
    clearInterval(writing);
    await growing.close();
    await details.getByText('Unreadable').waitFor();
    expect(await details.getByText('Inspection starts').count()).toBe(0);
  });

  it('of the training history has its title while the models load, and says when they cannot be had', async () => {
    const { page } = await site.visit('jobs');
    let refuse = () => {};
    const refused = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    await page.route('**/api/model/list*', async (route) => {
      await refused;
      await route.fulfill({
        status: 500,
        json: { success: false, code: 'INTERNAL', detail: 'It broke.', status: 500 },
      });
    });
    await page.reload();
    await page.evaluate(() => location.assign('#/models'));
    const card = page.getByRole('region', { name: 'Training history' });
    await card.getByRole('status', { name: 'Loading the training history' }).waitFor();
    await card.getByRole('heading', { name: 'Training history' }).waitFor();
    refuse();
    await card.getByRole('alert').getByText('The training history could not be loaded. It broke.').waitFor();
    await card.getByRole('heading', { name: 'Training history' }).waitFor();
    await page.unroute('**/api/model/list*');
    await card.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => card.getByRole('alert').count()).toBe(0);
  });
});
