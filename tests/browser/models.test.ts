import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { openSite, type Site, writeFullSizeModels } from './site.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/torch-2.13');
const FIXTURE = join(FIXTURES, 'checkpoint.pt');
/** As many as a list of models names of those that cannot be listed. */
const LEFT_OUT = 100;

let site: Site;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-browser-'));
  site = await openSite({
    redisUrl: inject('redisUrl'),
    loaders: 2,
    env: { EXPECTED_CHANNELS: '128', EXPECTED_BLOCKS: '6' },
    prepare: async ({ modelsDir }) => {
      await writeFullSizeModels(modelsDir);
      await copyFile(FIXTURE, join(modelsDir, 'narrow.pt'));
      await writeFile(join(modelsDir, 'broken.pt'), 'This is no checkpoint.');
      await copyFile(join(FIXTURES, 'checkpoint_legacy.pt'), join(modelsDir, 'legacy.pt'));
      for (let index = 0; index < LEFT_OUT; index++) await symlink('/nowhere', join(modelsDir, `link_${index}.pt`));
    },
  });
  for (const name of ['model_v1', 'model_v2', 'model_v3', 'narrow', 'broken', 'legacy']) await site.client.model(name);
});
afterAll(async () => {
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the models', () => {
  it('are listed newest first, with size and date, and a broken one with its reason', async () => {
    const { page, faults } = await site.visit('models');
    const rows = page.getByRole('table', { name: 'Models' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(7);
    const texts = await rows.allInnerTexts();
    expect(texts[1]).toMatch(/model_v3[\s\S]*6 Oct 2025[\s\S]*40\.92 MB/);
    const broken = rows.filter({ hasText: 'broken' });
    expect(await broken.innerText()).toContain('Unreadable');
    expect(await broken.innerText()).toMatch(/not a PyTorch checkpoint/i);
    expect(await broken.getByRole('button').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('are found by a search and put in order by the heads of the columns', async () => {
    const { page } = await site.visit('models');
    await page.getByLabel('Search models').fill('v2');
    const rows = page.getByRole('table', { name: 'Models' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(2);
    await page.getByLabel('Search models').fill('nothing of the kind');
    await page.getByRole('button', { name: 'Show all models' }).click();
    await expect.poll(() => rows.count()).toBe(7);
    await page.getByRole('button', { name: 'Model', exact: true }).click();
    await expect.poll(() => rows.nth(1).innerText()).toContain('broken');
    const head = page.getByRole('columnheader', { name: 'Model' });
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
  });

  it('tell everything that is known of them, and give their digest', async () => {
    const { page } = await site.visit('models');
    await page.getByRole('link', { name: 'model_v2', exact: true }).click();
    const drawer = page.getByRole('dialog', { name: 'model_v2' });
    const { body } = await site.client.get('/api/model/info/model_v2');
    await drawer.getByText(String(body['sha256']).slice(0, 16)).waitFor();
    const text = await drawer.innerText();
    expect(text).toContain('42,9');
    expect(text).toMatch(/Channels\s+128/);
    expect(text).toMatch(/Residual blocks\s+6/);
    expect(text).toMatch(/Policy head\s+32 planes/);
    expect(text).toMatch(/Value head\s+32 planes, 256 hidden units/);
    await drawer.getByText(/tensors$/).click();
    await drawer.getByText('res_blocks.5.conv2.weight').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => drawer.count()).toBe(0);
    expect(page.url()).not.toContain('name=');
  });
});

describe('what is not as it should be', () => {
  it('with a checkpoint that can be read is counted in the list, and told in its details', async () => {
    const { page, faults } = await site.visit('models');
    const row = page.getByRole('row').filter({ hasText: 'legacy' });
    await row.getByText('1 warning', { exact: true }).waitFor();
    await row.getByRole('link', { name: 'legacy', exact: true }).click();
    const warnings = page.getByRole('dialog', { name: 'legacy' }).getByRole('list', { name: 'Warnings' });
    await warnings.waitFor();
    expect(await warnings.getByRole('listitem').allInnerTexts()).toEqual([
      'The file states no checksums, so damage to it cannot be noticed.',
    ]);
    expect(faults).toEqual([]);
  });

  it('with files that cannot be listed is told, of a hundred at most', async () => {
    const { page } = await site.visit('models');
    await page.getByText('100 or more checkpoints in the model folder cannot be listed').click();
    const reasons = page.getByRole('listitem').filter({ hasText: 'It is a link to a file that is not there.' });
    await expect.poll(() => reasons.count()).toBe(LEFT_OUT);
  });
});

describe('activation', () => {
  it('shows its stages, asks before it replaces, and is undone in one step', async () => {
    const { page, message, faults } = await site.visit('models');
    await page.getByText('No model is active', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Load model_v1' }).click();
    await message('model_v1 is active').waitFor();
    const card = page.getByRole('region', { name: 'Active model' });
    await card.getByText('Ready on all 2 replicas').waitFor();

    await page.getByRole('button', { name: 'Load model_v2' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.innerText()).toMatch(/model_v2 takes the place of model_v1 on 2 replicas/);
    await dialog.getByRole('button', { name: 'Keep as it is' }).click();
    await expect.poll(() => dialog.count()).toBe(0);
    expect((await site.client.get('/api/model/current')).body['model_name']).toBe('model_v1');

    await page.getByRole('button', { name: 'Load model_v2' }).click();
    await dialog.getByRole('button', { name: 'Load model_v2' }).click();
    await card.getByText('Activate: model_v2').waitFor();
    const done = message('model_v2 is active');
    await done.getByRole('button', { name: 'Undo' }).click();
    await message('Rolled back to model_v1').waitFor();
    await card.getByRole('link', { name: 'model_v1', exact: true }).waitFor();
    expect((await site.client.get('/api/model/current')).body).toMatchObject({ model_name: 'model_v1', generation: 3 });

    await card.getByRole('button', { name: 'Roll back to model_v2' }).click();
    await dialog.getByRole('button', { name: 'Roll back to model_v2' }).click();
    await message('Rolled back to model_v2').waitFor();
    await expect.poll(() => page.getByRole('row').filter({ hasText: 'model_v2' }).innerText()).toContain('Active');
    expect(faults).toEqual([]);
  });

  it('is not offered where it would be refused, which is said beside it', async () => {
    const { page, faults } = await site.visit('models');
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'narrow', exact: true }) });
    const reason = 'The network has 8 channels, and 128 are expected.';
    await row.getByText(reason).waitFor();
    await row.getByText('Not loadable').waitFor();
    const load = page.getByRole('button', { name: 'Load narrow' });
    expect([await load.isDisabled(), await load.getAttribute('title')]).toEqual([true, reason]);
    await row.getByRole('link', { name: 'narrow', exact: true }).click();
    const drawer = page.getByRole('dialog', { name: 'narrow' });
    await drawer.getByText(reason).waitFor();
    expect(await drawer.getByRole('button', { name: 'Load narrow' }).isDisabled()).toBe(true);
    expect(faults).toEqual([]);
  });

  it('of a model that is refused tells why, and leaves the active one alone', async () => {
    const { page, message } = await site.visit('models');
    // As long as nobody knows that it will be refused.
    await page.route('**/api/model/list*', async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { models: Record<string, unknown>[] };
      for (const model of body.models)
        Object.assign(model, { status: 'inspecting', deployable: false, deploy_problem: undefined });
      await route.fulfill({ response, json: body });
    });
    await page.reload();
    const before = (await site.client.get('/api/model/current')).body['generation'];
    await page.getByRole('button', { name: 'Load narrow' }).click();
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Load narrow' });
    if (await confirm.isVisible()) await confirm.click();
    await message('narrow could not be activated').waitFor();
    expect(await message('narrow could not be activated').innerText()).toMatch(/8 channels.*128/s);
    expect((await site.client.get('/api/model/current')).body['generation']).toBe(before);
    await page.getByRole('link', { name: 'narrow', exact: true }).click();
    await page.getByRole('dialog', { name: 'narrow' }).getByText('Failed').waitFor();
  });

  it('that leaves nothing active can be asked for, and says what that means', async () => {
    const { page, message } = await site.visit('models');
    await page.getByRole('button', { name: 'Unload' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unload' }).click();
    await message('No model is active any more').waitFor();
    await page.getByRole('region', { name: 'Active model' }).getByText('No model is active').waitFor();
  });
});

describe('an upload', () => {
  beforeEach(async () => {
    await copyFile(FIXTURE, join(folder, 'my net.pt'));
    await writeFile(join(folder, 'bad.pt'), Buffer.alloc(4_000));
  });

  it('of a good checkpoint becomes a model', async () => {
    const { page, message, faults } = await site.visit('models');
    await page.getByLabel('Checkpoints to upload').setInputFiles(join(folder, 'my net.pt'));
    await message('my_net was uploaded').waitFor();
    await page.getByRole('link', { name: 'my_net', exact: true }).waitFor();
    expect((await site.client.model('my_net'))['status']).toBe('ready');
    expect(faults).toEqual([]);
  });

  it('of a bad one says what is wrong, and nothing is listed', async () => {
    const { page } = await site.visit('models');
    await page.getByLabel('Checkpoints to upload').setInputFiles(join(folder, 'bad.pt'));
    const row = page.getByRole('region', { name: 'Uploads' });
    await row.getByRole('alert').waitFor();
    expect(await row.getByRole('alert').innerText()).toMatch(/begins with zeros/);
    expect((await site.client.get('/api/model/info/bad')).status).toBe(404);
    await row.getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => row.count()).toBe(0);
  });

  it('under a name that is taken is offered another one', async () => {
    const { page, message } = await site.visit('models');
    await copyFile(FIXTURE, join(folder, 'model_v1.pt'));
    await page.getByLabel('Checkpoints to upload').setInputFiles(join(folder, 'model_v1.pt'));
    const row = page.getByRole('region', { name: 'Uploads' });
    await row.getByRole('alert').waitFor();
    await row.getByLabel('Upload as').fill('model_v1_other');
    await row.getByRole('button', { name: 'Try again' }).click();
    await message('model_v1_other was uploaded').waitFor();
  });

  it.each(['models', 'export', 'board'])('can be dropped onto the page at %s', async (tab) => {
    const { page, message } = await site.visit(tab);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const bytes = await readFile(FIXTURE, 'base64');
    const data = await page.evaluateHandle(
      ([text, name]) => {
        const transfer = new DataTransfer();
        const content = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([content], name));
        return transfer;
      },
      [bytes, `dropped_at_${tab}.pt`] as const,
    );
    await page.dispatchEvent('body', 'dragover', { dataTransfer: data });
    await page.getByText('Drop checkpoints to upload them').waitFor();
    await page.dispatchEvent('body', 'drop', { dataTransfer: data });
    await message(`dropped_at_${tab} was uploaded`).waitFor();
  });

  it('says that it was cut, and goes on where it was, also after the page was closed', async () => {
    const { page } = await site.visit('models');
    await page.route('**/api/model/upload/*/*', (route) =>
      route.request().method() === 'PATCH' ? route.abort('connectionreset') : route.continue(),
    );
    const path = join(folder, 'cut.pt');
    await copyFile(FIXTURE, path);
    const begun = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByLabel('Checkpoints to upload').setInputFiles(path);
    const address = (await (await begun).json()).links.self;
    await page.getByRole('region', { name: 'Uploads' }).getByText('it goes on by itself').waitFor();
    await page.close();
    const bytes = await readFile(path);
    const half = bytes.length >> 1;
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' };
    const first = await fetch(site.system.url + address, { method: 'PATCH', headers, body: bytes.subarray(0, half) });
    expect(first.status).toBe(204);

    const { page: again, message } = await site.visit('models');
    const rest = again.waitForRequest((request) => request.method() === 'PATCH');
    await again.getByLabel('Checkpoints to upload').setInputFiles(path);
    expect((await rest).headers()['upload-offset']).toBe(String(half));
    await message('cut was uploaded').waitFor();
  });

  it('is shown on every tab, and the browser asks before it is lost', async () => {
    const { page, faults } = await site.visit('models');
    const asks = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
    await page.getByRole('button', { name: 'Upload checkpoint' }).waitFor();
    expect(await asks()).toBe(false);
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    await page.route('**/api/model/upload/*', async (route) => {
      await held;
      await route.continue();
    });
    await page.getByLabel('Checkpoints to upload').setInputFiles(join(folder, 'bad.pt'));
    await page.getByRole('link', { name: 'Downloads' }).click();
    const banner = page.getByRole('banner');
    await banner.getByRole('link', { name: /^1 upload, \d+ % sent$/ }).waitFor();
    expect(await asks()).toBe(true);
    go();
    await banner.getByRole('link', { name: '1 upload failed' }).click();
    await page.getByRole('region', { name: 'Uploads' }).getByRole('button', { name: 'Dismiss' }).click();
    await expect.poll(() => banner.getByRole('link', { name: /upload/ }).count()).toBe(0);
    expect(await asks()).toBe(false);
    expect(faults).toEqual([expect.stringContaining('/api/model/upload/bad')]);
  });
});
