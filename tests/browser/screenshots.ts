import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, inject, it } from 'vitest';
import { openSite, type Site } from './site.js';
import { writeTrainedModel } from './trained-models.js';

/** Where the pictures of the documentation lie. */
const FOLDER = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const VERSIONS = 14;
const POSITION = 'r1bqkbnr/pppp1ppp/2n5/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 3';

/** Each picture: its name, the place on the page, and what must be there. */
const PICTURES: readonly (readonly [string, string, (page: Page) => Promise<unknown>])[] = [
  ['models', 'models', (page) => page.getByRole('link', { name: 'model_v9', exact: true }).waitFor()],
  ['model', 'models?name=model_v12', (page) => page.getByRole('dialog').getByText('SHA-256').waitFor()],
  ['export', 'export?models=model_v13,model_v14', (page) => page.getByText('Start 2 exports').waitFor()],
  [
    'downloads',
    'downloads',
    (page) =>
      page
        .getByText(/model_v12_export/)
        .first()
        .waitFor(),
  ],
  [
    'jobs',
    'jobs',
    (page) =>
      page
        .locator('span')
        .filter({ hasText: /^Completed$/ })
        .first()
        .waitFor(),
  ],
  [
    'board',
    `board?fen=${encodeURIComponent(POSITION)}&compare=model_v6`,
    (page) => page.getByText('%').nth(8).waitFor(),
  ],
];

let site: Site;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 2,
    prepare: async ({ modelsDir }) => {
      for (let version = 1; version <= VERSIONS; version++) await writeTrainedModel(modelsDir, version, VERSIONS);
      await writeFile(join(modelsDir, 'interrupted_download.pt'), Buffer.alloc(2_400_000));
    },
  });
  const { client } = site;
  for (let version = 1; version <= VERSIONS; version++) await client.model(`model_v${version}`);
  for (const name of ['model_v11', 'model_v13']) await client.post(`/api/model/load/${name}?wait=60`);
  for (const [format, name] of [
    ['onnx', 'model_v11'],
    ['pytorch', 'model_v11'],
    ['onnx', 'model_v12'],
    ['pytorch', 'model_v12'],
  ] as const) {
    await client.finish(await client.export(format, name, { metadata: { purpose: 'deployment' } }));
  }
}, 300_000);
afterAll(() => site?.close());

it.each(PICTURES.flatMap((picture) => [['light', ...picture] as const, ['dark', ...picture] as const]))(
  '%s: %s',
  async (colorScheme, name, place, ready) => {
    const { page } = await site.visit(place, {
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 1200, height: 760 },
      timezoneId: 'UTC',
    });
    await ready(page);
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
    await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
  },
  120_000,
);
