import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PyDict } from '@caissa/pytorch';
import { AppError } from '@caissa/shared/errors';
import { createLogger } from '@caissa/shared/process';
import { smallRoot } from '@caissa/testing/small-checkpoint';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { somePositions } from '../../test-support/engine-harness.js';
import {
  eventually,
  type LoaderHarness,
  loadItem,
  openHarness,
  type TestLoader,
} from '../../test-support/loader-harness.js';
import { type StoppableTasks, startStoppableTasks } from './stoppable-tasks.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HARMFUL = file('../../test-support/harmful-tasks.mjs');
const LIMITS = { silentMs: 2_000, residentBytes: 2e9, heapMib: 400 };

let harness: LoaderHarness;
let tasks: StoppableTasks;
let loader: TestLoader;
beforeEach(async () => {
  harness = await openHarness();
  vi.stubEnv('DATA_DIR', harness.folder);
  tasks = startStoppableTasks(createLogger('test', 'silent'), HARMFUL, LIMITS);
  loader = await harness.startLoader('one', { tasks });
  await addModel('good');
  await loader.load(loadItem('good'));
});
afterEach(async () => {
  await harness.close();
  tasks.close();
});

const untilItHangs = () => eventually('a task hangs', async () => existsSync(join(harness.folder, 'hangs-seen')));
/** No two are the same model. */
const addModel = (name: string) => harness.addModel(name, new PyDict([...smallRoot(), ['name', name]]));
const answer = () => loader.engine.find('active')?.infer(somePositions(1), 1);
const convertedModels = async () => (await readdir(harness.activeFolder)).filter((name) => name.endsWith('.onnx'));
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('a model that harms its reader', () => {
  it('and hangs is not activated, and the one that is active answers meanwhile', async () => {
    await addModel('hangs');
    const item = loadItem('hangs');
    let ended = false;
    const hanging = failure(loader.load(item)).finally(() => {
      ended = true;
    });
    await untilItHangs();
    for (let count = 0; count < 5; count++) expect(await answer()).toMatchObject({ generation: 1 });
    expect(ended).toBe(false);
    expect(await hanging).toMatchObject({
      ...{ code: 'READING_STOPPED', status: 422, retryable: false },
      message: expect.stringMatching(/^hangs\.pt: Reading it was given up .* did not respond for 2 s\. Save /),
    });
    expect(await harness.activation()).toMatchObject({ generation: 1, pointer: { model_name: 'good' } });
    expect(loader.replica.status).toMatchObject({ state: 'ready', model_name: 'good', problem: null });
    expect(await harness.entry(item.id)).toMatchObject({ outcome: 'failed', problem: { code: 'READING_STOPPED' } });
  });

  it('and hangs need not be waited for', async () => {
    await addModel('hangs');
    const controller = new AbortController();
    const reason = new AppError('CANCELLED', 'The job was cancelled.');
    const work = failure(loader.load(loadItem('hangs', { signal: controller.signal })));
    await untilItHangs();
    controller.abort(reason);
    expect(await work).toBe(reason);
    expect(await answer()).toMatchObject({ generation: 1 });
  });

  it('and crashes while it is converted leaves no converted model', async () => {
    await addModel('crashes_writing');
    const before = await convertedModels();
    expect(await failure(loader.load(loadItem('crashes_writing')))).toMatchObject({
      code: 'READING_STOPPED',
      message: expect.stringMatching(/^crashes_writing\.pt: .*SIGSEGV/),
    });
    expect(await convertedModels()).toEqual(before);
    expect(loader.replica.status).toMatchObject({ state: 'ready', model_name: 'good' });
  });
});

it.each(['crashes_once', 'crashes_late'])('a model whose process is lost once is activated: %s', async (name) => {
  await addModel(name);
  expect(await loader.load(loadItem(name))).toMatchObject({ model_name: name, generation: 2 });
  expect(await answer()).toMatchObject({ generation: 2 });
});

it('what is wrong with a file is said as it is without processes', async () => {
  const bytes = await readFile(harness.modelPath('good'));
  await writeFile(harness.modelPath('bad'), bytes.subarray(0, 5_000));
  expect(await failure(loader.load(loadItem('bad')))).toMatchObject({
    ...{ code: 'ZIP_TRUNCATED', message: expect.stringMatching(/^bad\.pt: /) },
  });
});

it('a file that is replaced before it is read is refused', async () => {
  const control = { signal: new AbortController().signal, report: () => {}, confirm: async () => undefined };
  const request = { modelName: 'good', filename: 'good.pt', identity: 'of another state' };
  expect(await failure(tasks.describe(request, control))).toMatchObject({
    ...{ code: 'SOURCE_CHANGED', message: expect.stringMatching(/^good\.pt: /) },
  });
});

it('the program of a loader reads and converts, as its settings say', async () => {
  const program = startStoppableTasks(createLogger('test', 'silent'), file('../../dist/tasks/main.js'));
  const { models } = loader.context;
  const { identity } = await models.find('good');
  const request = { modelName: 'good', filename: 'good.pt', identity };
  const control = { signal: new AbortController().signal, report: () => {}, confirm: async () => undefined };
  try {
    expect(await program.describe(request, control)).toMatchObject({ version: 7, architecture: { planes: 14 } });
    const path = join(harness.folder, 'made.onnx');
    await program.convert({ ...request, path }, control);
    const [converted = ''] = await convertedModels();
    expect((await readFile(path)).equals(await readFile(join(harness.activeFolder, converted)))).toBe(true);
  } finally {
    program.close();
  }
});
