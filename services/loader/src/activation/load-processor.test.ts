import { copyFile, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePosition, GRAPH_NAMES, VERIFICATION_POSITIONS } from '@caissa/chess';
import { AppError } from '@caissa/shared/errors';
import { fixturePath } from '@caissa/testing/fixtures';
import { savedWith, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  type LoaderHarness,
  loadItem,
  openHarness,
  type TestLoader,
} from '../../test-support/loader-harness.js';
import { SessionShelf } from '../models/session-shelf.js';

let harness: LoaderHarness;
let loader: TestLoader;
beforeAll(async () => {
  harness = await openHarness();
  loader = await harness.startLoader('one');
});
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.addModel('model_v1');
  await copyFile(fixturePath('checkpoint.pt'), harness.modelPath('model_v2'));
});

async function run(): Promise<number | undefined> {
  const [position = ''] = VERIFICATION_POSITIONS;
  const feeds = { [GRAPH_NAMES.input]: { data: encodePosition(position), shape: [1, 14, 8, 8] } };
  return (await loader.replica.status.session?.run(feeds))?.[GRAPH_NAMES.value]?.data[0];
}

describe('a load job', () => {
  it('makes a model the active one and serves it', async () => {
    const before = (await harness.activation())?.generation ?? 0;
    const item = loadItem('model_v1');
    const result = await loader.load(item);
    expect(result).toMatchObject({
      success: true,
      message: 'Model model_v1 loaded successfully',
      model_name: 'model_v1',
      device: 'CPU',
      load_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      metadata: { version: 7, win_rate: 0.75 },
      generation: before + 1,
      replicas: { ready: 1, total: 1 },
      job_id: item.id,
    });
    expect(await harness.activation()).toMatchObject({
      generation: before + 1,
      pointer: { model_name: 'model_v1', version: 7, job_id: item.id, load_date: result.load_date },
    });
    expect(await harness.heartbeat('one')).toMatchObject({
      state: 'ready',
      model_name: 'model_v1',
      generation: before + 1,
      problem: null,
      device_type: 'cpu',
      device_name: 'CPU',
    });
    expect(Math.abs((await run()) ?? 2)).toBeLessThanOrEqual(1);
  });

  it('exchanges the served model, keeps the one before for going back, and ends what is kept no longer', async () => {
    const earlier = loader.replica.status.session;
    await loader.load(loadItem('model_v1'));
    const before = loader.replica.status.session;
    const first = await run();
    const pending = run();
    await loader.load(loadItem('model_v2'));
    expect(await pending).toBe(first);
    expect(await run()).not.toBe(first);
    const second = loader.replica.status.session;
    // That of the same model which an earlier test left ends when this one takes its place.
    if (earlier !== before) await earlier?.exited;
    await eventually('the session is kept', async () => loader.context.shelf.size === 1);
    await loader.load(loadItem('model_v1'));
    expect(loader.replica.status.session).toBe(before);
    expect(await run()).toBe(first);
    await eventually('the other one is kept', async () => loader.context.shelf.size === 1);
    await loader.context.shelf.clear();
    await second?.exited;
  });

  it('opens a model anew when the session that was kept of it has died', async () => {
    await loader.load(loadItem('model_v1'));
    const before = loader.replica.status.session;
    await loader.load(loadItem('model_v2'));
    await eventually('the session is kept', async () => loader.context.shelf.size === 1);
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await loader.load(loadItem('model_v1'));
    expect(loader.replica.status.session?.pid).not.toBe(before?.pid);
    expect(await run()).toBeDefined();
  });

  it('answers the same activation when it is tried again', async () => {
    const item = loadItem('model_v1');
    const first = await loader.load(item);
    const again = await loader.load(item);
    expect(again).toMatchObject({ generation: first.generation, load_date: first.load_date });
    expect((await harness.activation())?.generation).toBe(first.generation);
  });

  it('converts a checkpoint once, and anew when the converted model is damaged', async () => {
    const forgetful = await harness.startLoader('forgetful', { shelf: new SessionShelf(() => 0) });
    await forgetful.load(loadItem('model_v1'));
    const { pointer } = (await harness.activation()) ?? {};
    const path = join(harness.activeFolder, `${pointer?.source_sha256}.onnx`);
    const converted = await readFile(path);
    const stages: string[] = [];
    const report = ({ stage, percent }: { stage: string; percent: number }) => stages.push(`${stage} ${percent > 10}`);
    await forgetful.load(loadItem('model_v1', { report }));
    expect(stages).not.toContain('converting true');
    await truncate(path, converted.length >> 1);
    await forgetful.load(loadItem('model_v1'));
    expect(Buffer.compare(await readFile(path), converted)).toBe(0);
    // The copy of the pointer may still be on its way to the disk.
    await eventually('no file half-written', async () =>
      (await readdir(harness.activeFolder)).every((name) => !name.startsWith('.')),
    );
    await forgetful.stop();
  });
});

describe('a load job that fails', () => {
  const nonFinite = async () => {
    const source = await savedWith('value_fc2.bias', 0, Number.NaN);
    const bytes = new Uint8Array(source.sizeBytes);
    await source.readInto(bytes, 0);
    await writeFile(harness.modelPath('bad'), bytes);
  };
  const incomplete = async () => {
    const stateDict = smallStateDict();
    stateDict.delete('value_fc2.weight');
    await harness.addModel('bad', smallRoot(stateDict));
  };
  it.each([
    [
      'ZIP_TRUNCATED',
      async () => {
        await harness.addModel('bad');
        await truncate(harness.modelPath('bad'), 100_000);
      },
    ],
    ['TORCHSCRIPT', () => copyFile(fixturePath('torchscript.pt'), harness.modelPath('bad'))],
    ['NON_FINITE_WEIGHTS', nonFinite],
    ['ARCHITECTURE_MISMATCH', incomplete],
    ['MODEL_NOT_FOUND', () => rm(harness.modelPath('bad'), { force: true })],
  ])('with %s leaves the model before in service', async (code, prepare) => {
    const { generation } = await loader.load(loadItem('model_v1'));
    const { session } = loader.replica.status;
    const value = await run();
    await prepare();
    await expect(loader.load(loadItem('bad'))).rejects.toMatchObject({ name: 'AppError', code });
    expect(await run()).toBe(value);
    expect(loader.replica.status).toMatchObject({ state: 'ready', model_name: 'model_v1', generation, session });
    expect((await harness.activation())?.generation).toBe(generation);
  });

  it('refuses a network that is not of the expected size', async () => {
    const strict = await harness.startLoader('strict', { expected: { channels: 128, blocks: 6 } });
    await expect(strict.load(loadItem('model_v2'))).rejects.toMatchObject({
      code: 'ARCHITECTURE_MISMATCH',
      message: expect.stringMatching(/^model_v2\.pt: .*8.*128/),
    });
    await strict.stop();
  });

  it('stops when it is cancelled, and serves what it served', async () => {
    await loader.load(loadItem('model_v1'));
    const before = await harness.activation();
    const controller = new AbortController();
    const reason = new AppError('CANCELLED', 'The job was cancelled.');
    const report = ({ stage }: { stage: string }) => stage === 'converting' && controller.abort(reason);
    await expect(
      loader.load(loadItem('model_v2', { signal: controller.signal, report: (progress) => void report(progress) })),
    ).rejects.toBe(reason);
    expect(await harness.activation()).toEqual(before);
    expect(loader.replica.status).toMatchObject({ state: 'ready', model_name: 'model_v1' });
  });
});
