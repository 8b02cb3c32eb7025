import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MARKED_SIZES, markedName, markedValue, writeMarkedModel } from '../setup/marked-models.js';
import { openSite, type Site } from './site.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
/** A model whose value is the same for every position, so that it is known what the page must say. */
const MARKED = 12;

let site: Site;

beforeAll(async () => {
  site = await openSite({
    redisUrl: inject('redisUrl'),
    env: { ...MARKED_SIZES },
    prepare: async ({ modelsDir }) => {
      await writeMarkedModel(modelsDir, MARKED);
      await copyFile(FIXTURE, join(modelsDir, 'other.pt'));
    },
  });
  for (const name of [markedName(MARKED), 'other']) await site.client.model(name);
});
afterAll(() => site?.close());

const movesOf = (page: Page, model: string) => page.getByRole('list', { name: `Best moves of ${model}` });
const fenOf = (page: Page) => page.getByLabel('Position (FEN)').inputValue();

/** Takes the piece of one square to another, as a hand does. */
async function drag(page: Page, from: string, to: string): Promise<void> {
  const centre = async (square: string) => {
    const box = await page.locator(`[data-square="${square}"]`).first().boundingBox();
    if (box === null) throw new Error(`the board shows no ${square}`);
    return [box.x + box.width / 2, box.y + box.height / 2] as const;
  };
  await page.mouse.move(...(await centre(from)));
  await page.mouse.down();
  await page.mouse.move(...(await centre(to)), { steps: 8 });
  await page.mouse.up();
}

describe('the board', () => {
  it('says that nothing is active, and shows what the active model thinks as soon as there is one', async () => {
    const { page } = await site.visit('board');
    await page
      .getByText(/No model is active/)
      .first()
      .waitFor();
    const { status } = await site.client.post(`/api/model/load/${markedName(MARKED)}?wait=30`);
    expect(status).toBe(200);
    await expect.poll(() => movesOf(page, markedName(MARKED)).getByRole('listitem').count()).toBe(5);
  });

  it('shows the very value and moves that the API gives, and plays one', async () => {
    const { page, faults } = await site.visit('board');
    const moves = movesOf(page, markedName(MARKED)).getByRole('listitem');
    await expect.poll(() => moves.count()).toBe(5);
    const panel = page.getByRole('region', { name: `Active model ${markedName(MARKED)}` });
    expect(await panel.innerText()).toContain(`+${markedValue(MARKED).toFixed(2)}`);
    const { body } = await site.client.post('/api/model/evaluate', { fen: await fenOf(page) });
    const [position] = body['positions'] as { moves: { san: string; probability: number }[] }[];
    const best = position?.moves[0];
    expect(await moves.first().innerText()).toContain(best?.san);
    expect(await moves.first().innerText()).toContain(`${((best?.probability ?? 0) * 100).toFixed(1)} %`);
    await moves.first().getByRole('button').click();
    await expect.poll(() => fenOf(page)).toContain(' b ');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => fenOf(page)).toContain(' w ');
    expect(faults).toEqual([]);
  });

  it('is set up by dragging, by typing a move, and by a position; what cannot be is told in words', async () => {
    const { page } = await site.visit('board');
    await movesOf(page, markedName(MARKED)).waitFor();
    await drag(page, 'e2', 'e4');
    await expect.poll(() => fenOf(page)).toContain('4P3');
    await page.getByLabel('Move', { exact: true }).fill('Nf6');
    await page.keyboard.press('Enter');
    await expect.poll(() => fenOf(page)).toContain('5n2');
    await page.getByLabel('Move', { exact: true }).fill('Ke4');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: /./ }).first().waitFor();
    await page.getByLabel('Position (FEN)').fill('no position');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.getByRole('alert').filter({ hasText: /./ }).count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Mate in one' }).click();
    await page.getByLabel('Move', { exact: true }).fill('e1e8');
    await page.keyboard.press('Enter');
    await page
      .getByText(/checkmate/i)
      .first()
      .waitFor();
    await page.getByText('The game is over: there is no move to choose from.').waitFor();
  });

  it('is played by keyboard on its squares', async () => {
    const { page } = await site.visit('board');
    await page.getByRole('button', { name: /^d2, white pawn/ }).focus();
    await page.keyboard.press('Enter');
    for (let steps = 0; steps < 2; steps++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(() => fenOf(page)).toContain('3P4');
  });

  it('shows two models side by side, and a reload loses nothing', async () => {
    const { page, faults } = await site.visit('board');
    await page.getByRole('button', { name: 'Opening' }).click();
    await page.getByLabel('Compare with').selectOption('other');
    await expect.poll(() => movesOf(page, 'other').getByRole('listitem').count()).toBe(5);
    await page.getByText('Values apart').waitFor();
    const before = await fenOf(page);
    await page.reload();
    await expect.poll(() => movesOf(page, 'other').getByRole('listitem').count()).toBe(5);
    await expect.poll(() => movesOf(page, markedName(MARKED)).getByRole('listitem').count()).toBe(5);
    expect(await fenOf(page)).toBe(before);
    expect(faults).toEqual([]);
  });
});
