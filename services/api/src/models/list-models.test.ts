import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { activate, sendHeartbeat } from '@caissa/registry';
import { type ModelInfo, type ModelSummary, modelInfoSchema, modelListSchema } from '@caissa/shared/contracts';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { HEARTBEAT } from '../../test-support/heartbeat.js';
import { BROKEN, startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;

beforeEach(async () => {
  api = await startTestApi(inject('redisUrl'));
});

afterEach(() => api.close());

async function list(query = '') {
  const response = await fetch(`${api.url}/api/model/list${query}`);
  expect(response.status).toBe(200);
  return modelListSchema.parse(await response.json());
}

async function info(name: string): Promise<ModelInfo> {
  const response = await fetch(`${api.url}/api/model/info/${name}`);
  expect(response.status).toBe(200);
  return modelInfoSchema.parse(await response.json());
}

const names = (models: ModelSummary[]) => models.map((model) => model.name);

const makeActive = (name: string, sha256: string) =>
  activate(api.context.jobs.redis, api.context.jobs.keys, {
    model_name: name,
    version: 1,
    source_sha256: sha256,
    metadata: {},
    load_date: '2025-10-07T03:12:13Z',
    job_id: `load-${name}-${sha256[0]}`,
  });

describe('the list of models', () => {
  it('is empty for an empty folder', async () => {
    expect(await list()).toEqual({ success: true, models: [], count: 0, complete: true });
  });

  it('shows the newest version first, then those without one by name', async () => {
    await api.addModel('b', { version: 2 });
    await api.addModel('a', { version: 10 });
    await api.addModel('z', { version: null });
    await api.addModel('y', { version: 'best' });
    await api.addModel('c', { version: 2 });
    await api.writeModel('x');
    expect(names((await list()).models)).toEqual(['a', 'b', 'c', 'x', 'y', 'z']);
  });

  it('shows good, broken and unknown files side by side', async () => {
    await api.addModel('good', { version: 3 });
    await api.addModel('broken', {
      status: 'unreadable',
      version: null,
      problem: BROKEN,
      architecture: null,
      sha256: null,
    });
    await api.writeModel('fresh', 'x'.repeat(20_000));
    await mkdir(join(api.modelsFolder, 'folder.pt'));
    await api.context.modelFolder.rescan();
    const { models, count } = await list();
    expect(count).toBe(4);
    expect(models.map((model) => [model.name, model.status])).toEqual([
      ['good', 'ready'],
      ['broken', 'unreadable'],
      ['folder', 'inspecting'],
      ['fresh', 'inspecting'],
    ]);
    expect(models[0]).toMatchObject({ version: 3, training_date: '2025-10-06T23:56:50', metadata: { win_rate: 0.75 } });
    expect(models[1]?.problem).toMatchObject({ code: 'ZIP_TRUNCATED', status: 422 });
    expect(models[3]).toMatchObject({ size_bytes: 20_000, file_size_mb: 0.02, version: 'unknown', metadata: {} });
  });

  it('counts the warnings, which the details show', async () => {
    const warnings = [
      'config.phase is kept as plain values, not as an object.',
      'optimizer is kept as plain values, not as an object.',
    ];
    await api.addModel('warned', { warnings });
    await api.addModel('model');
    const counts = (await list()).models.map(({ name, warnings_count }) => [name, warnings_count]);
    expect(Object.fromEntries(counts)).toEqual({ warned: 2, model: 0 });
    expect(await info('warned')).toMatchObject({ warnings_count: 2, warnings });
    expect(await info('model')).toMatchObject({ warnings_count: 0, warnings: [] });
    await api.writeModel('warned', 'something else');
    expect(await info('warned')).toMatchObject({ warnings_count: 0, warnings: [] });
  });

  it('shows every checkpoint, and the file of each', async () => {
    const filenames = ['epoch=3-step=100.pt', 'my model.pt', '模型.pt', 'model (1).pt', 'final.pth', 'last.ckpt'];
    for (const filename of filenames) await writeFile(join(api.modelsFolder, filename), filename);
    await api.context.modelFolder.rescan();
    const { models, left_out } = await list();
    expect(left_out).toBeUndefined();
    expect(models.map(({ name, filename }) => [name, filename])).toEqual([
      ['epoch_3-step_100', 'epoch=3-step=100.pt'],
      ['final', 'final.pth'],
      ['last', 'last.ckpt'],
      ['model_1_', 'model (1).pt'],
      ['model_f4d35440', '模型.pt'],
      ['my_model', 'my model.pt'],
    ]);
    for (const { name, filename } of models) expect(await info(name)).toMatchObject({ name, filename });
    await rename(join(api.modelsFolder, 'final.pth'), join(api.modelsFolder, 'final.pt'));
    expect(await info('final')).toMatchObject({ filename: 'final.pt' });
  });

  it('names what cannot be listed, and says why', async () => {
    await api.addModel('good');
    await symlink('/nowhere', join(api.modelsFolder, 'dangling.ckpt'));
    await api.context.modelFolder.rescan();
    const leftOut = [{ filename: 'dangling.ckpt', reason: 'It is a link to a file that is not there.' }];
    expect(await list()).toMatchObject({ count: 1, left_out: leftOut });
    await rm(join(api.modelsFolder, 'dangling.ckpt'));
    await api.context.modelFolder.rescan();
    expect((await list()).left_out).toBeUndefined();
  });

  it('says nothing of a file that an inspection of its former state said', async () => {
    await api.addModel('model', { version: 7 });
    await api.writeModel('model', 'something else');
    expect((await list()).models[0]).toMatchObject({ status: 'inspecting', version: 'unknown', architecture: null });
  });

  it('says "unknown" where a checkpoint tells no version or training date, and passes on one that is a text', async () => {
    await api.addModel('mute', { version: null, training_date: null });
    await api.addModel('named', { version: 'best' });
    const told = (await list()).models.map(({ name, version, training_date }) => [name, version, training_date]);
    expect(told).toEqual([
      ['mute', 'unknown', 'unknown'],
      ['named', 'best', '2025-10-06T23:56:50'],
    ]);
    expect(await info('mute')).toMatchObject({ version: 'unknown', training_date: 'unknown' });
    const { next_cursor } = await list('?limit=1');
    expect(names((await list(`?cursor=${next_cursor}`)).models)).toEqual(['named']);
  });

  it('takes the version from the name where nothing else tells it', async () => {
    await api.writeModel('model_v12', 'not inspected yet');
    await api.addModel('model_v3', { version: null });
    await api.addModel('model_v4', { version: 40 });
    const { models } = await list();
    expect(models.map((model) => [model['name'], model['version']])).toEqual([
      ['model_v4', 40],
      ['model_v12', 12],
      ['model_v3', 3],
    ]);
  });

  it('marks the active model, and not a file that took its name since', async () => {
    await api.addModel('one', { sha256: 'a'.repeat(64) });
    await api.addModel('two', { sha256: 'b'.repeat(64) });
    await makeActive('one', 'a'.repeat(64));
    const current = async () => names((await list()).models.filter((model) => model.is_current));
    expect(await current()).toEqual(['one']);
    await makeActive('two', 'c'.repeat(64));
    expect(await current()).toEqual([]);
  });

  it('comes page by page, even if models go meanwhile', async () => {
    for (let version = 1; version <= 5; version++) await api.addModel(`m${version}`, { version });
    const first = await list('?limit=2');
    expect([names(first.models), first.count]).toEqual([['m5', 'm4'], 5]);
    await rm(join(api.modelsFolder, 'm4.pt'));
    await api.context.modelFolder.refresh('m4.pt');
    const second = await list(`?limit=2&cursor=${first.next_cursor}`);
    expect(names(second.models)).toEqual(['m3', 'm2']);
    const third = await list(`?limit=2&cursor=${second.next_cursor}`);
    expect([names(third.models), third.next_cursor]).toEqual([['m1'], undefined]);
  });

  it('comes page by page, however long names and versions are', async () => {
    const all = ['a', 'b', 'c'].map((letter) => letter.repeat(128));
    for (const name of all) await api.addModel(name, { version: '\u{1f451}'.repeat(50) });
    const first = await list('?limit=1');
    const second = await list(`?limit=1&cursor=${first.next_cursor}`);
    const third = await list(`?limit=1&cursor=${second.next_cursor}`);
    expect([first, second, third].flatMap(({ models }) => names(models))).toEqual(all);
    await api.addModel('numbered', { version: Number.MAX_SAFE_INTEGER });
    await api.addModel(`z${all[0]}`.slice(0, 128), { version: Number.MAX_SAFE_INTEGER - 1 });
    const { next_cursor } = await list('?limit=2');
    expect(names((await list(`?limit=1&cursor=${next_cursor}`)).models)).toEqual(all.slice(0, 1));
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=x', 'cursor=W10'])('refuses %s', async (query) => {
    const response = await fetch(`${api.url}/api/model/list?${query}`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'INVALID_PARAMETER']);
  });

  it('of 200 models takes 20 ms of the processor at most', async () => {
    for (let at = 0; at < 200; at++) await api.addModel(`model_v${at}`, { version: at });
    const usedMs: number[] = [];
    for (let round = 0; round < 30; round++) {
      const before = process.cpuUsage();
      // On the clock it is more when others have the processor.
      await atBestWithin(200, async () => {
        expect((await list()).models).toHaveLength(200);
      });
      const { user, system } = process.cpuUsage(before);
      usedMs.push((user + system) / 1_000);
    }
    expect(Math.min(...usedMs)).toBeLessThan(20);
  });
});

describe('a model', () => {
  it('is shown with its tensors', async () => {
    await api.addModel('model', { version: 3, sha256: 'd'.repeat(64) });
    expect(await info('model')).toMatchObject({
      name: 'model',
      version: 3,
      sha256: 'd'.repeat(64),
      status: 'ready',
      architecture: { num_channels: 8, num_res_blocks: 2, input_shape: [14, 8, 8] },
      tensors: [{ name: 'conv.weight', dtype: 'float32', shape: [8, 14, 3, 3] }],
    });
  });

  it('is deployable if its network is of the size that is expected, and told why if not', async () => {
    const problem = { code: 'ARCHITECTURE_MISMATCH', detail: 'The network has 2 blocks, and 6 are expected.' };
    const { jobs, replicas } = api.context;
    await api.addModel('model');
    for (const [expected, shown] of [
      // No loader has said what it demands.
      [undefined, { deployable: true }],
      [{ channels: 8, blocks: 2 }, { deployable: true }],
      [
        { channels: 'any', blocks: 6 },
        { deployable: false, deploy_problem: problem },
      ],
    ] as const) {
      if (expected) await sendHeartbeat(jobs.redis, jobs.keys, { ...HEARTBEAT, expected });
      await replicas.refresh();
      for (const model of [(await list()).models[0], await info('model')]) {
        expect(model).toMatchObject(shown);
        expect(model?.deploy_problem === undefined).toBe(shown.deployable);
      }
    }
    await api.writeModel('model', 'another file');
    const { models } = await list();
    expect(models[0]).toMatchObject({ status: 'inspecting', deployable: false });
    expect(models[0]).not.toHaveProperty('deploy_problem');
  });

  it('is shown without them while nothing is known of it as it is', async () => {
    await api.addModel('model');
    await api.writeModel('model', 'something else');
    expect(await info('model')).toMatchObject({ status: 'inspecting', tensors: [], sha256: null });
  });

  it('is not found if there is no file, or a link to none', async () => {
    await symlink('/nowhere', join(api.modelsFolder, 'dangling.pt'));
    for (const name of ['nothing', 'dangling']) {
      const response = await fetch(`${api.url}/api/model/info/${name}`);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, 'MODEL_NOT_FOUND']);
    }
  });
});
