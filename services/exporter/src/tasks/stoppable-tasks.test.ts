import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enqueue, runWorker, showJob, stopWorker } from '@caissa/queue';
import { AppError } from '@caissa/shared/errors';
import { eventually } from '@caissa/testing/eventually';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ExporterHarness, openHarness } from '../../test-support/exporter-harness.js';
import type { ExporterContext } from '../context.js';
import { exportProcessor } from '../export-model.js';
import { inspectProcessor } from '../inspect-model.js';
import { type StoppableTasks, startStoppableTasks } from './stoppable-tasks.js';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HARMFUL = file('../../test-support/harmful-tasks.mjs');
const LIMITS = { silentMs: 3_000, residentBytes: 2e9, heapMib: 400 };

let harness: ExporterHarness;
let tasks: StoppableTasks;
let context: ExporterContext;
beforeEach(async () => {
  harness = await openHarness();
  vi.stubEnv('DATA_DIR', dirname(harness.modelsFolder));
  tasks = startStoppableTasks(HARMFUL, LIMITS);
  context = { ...harness.context, tasks };
});
afterEach(async () => {
  tasks.close();
  await harness.close();
});

const inspect = (name: string) => inspectProcessor(context)(harness.inspectItem({ model_name: name }));
const exporting = (name: string, signal = new AbortController().signal) =>
  exportProcessor(context)(harness.exportItem({ model_name: name }, { signal, firstAttempt: true }));
const entryOf = (name: string) => harness.context.catalogue.get(name);
const untilItHangs = () =>
  eventually('a task hangs', async () => existsSync(join(dirname(harness.modelsFolder), 'hangs-seen')));
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('an inspection', () => {
  it('that hangs twice makes the file unreadable in the state that it has, and delays no other', async () => {
    await harness.addModel('hangs');
    await harness.addModel('good');
    let ended = false;
    const hanging = inspect('hangs').finally(() => {
      ended = true;
    });
    expect(await inspect('good')).toMatchObject({ status: 'ready' });
    expect(ended).toBe(false);
    expect(await hanging).toMatchObject({ status: 'unreadable' });
    const { identity } = await harness.context.models.find('hangs');
    expect(await entryOf('hangs')).toMatchObject({
      ...{ identity, status: 'unreadable' },
      problem: {
        ...{ code: 'READING_STOPPED', status: 422 },
        detail: expect.stringMatching(/^hangs\.pt: Reading it was given up .* did not respond for 3 s\. Save /),
      },
    });
  });

  it('that is lost once is made again', async () => {
    await harness.addModel('crashes_once');
    expect(await inspect('crashes_once')).toMatchObject({ status: 'ready' });
  });

  it('of an upload that is lost twice fails', async () => {
    await harness.addModel('crashes');
    const upload = `.upload-${'0'.repeat(32)}`;
    const item = harness.inspectItem({ model_name: 'crashes', upload });
    await expect(inspectProcessor(context)(item)).rejects.toMatchObject({
      code: 'READING_STOPPED',
      message: expect.stringMatching(/^crashes\.pt: .*SIGSEGV/),
    });
  });

  it('of a bad file says what is wrong with it, as it does without processes', async () => {
    await harness.addModel('good');
    const [bad, good] = [harness.modelPath('bad'), harness.modelPath('good')];
    await writeFile(bad, (await readFile(good)).subarray(0, 5_000));
    expect(await inspect('bad')).toMatchObject({ status: 'unreadable' });
    expect((await entryOf('bad'))?.problem).toMatchObject({
      ...{ code: 'ZIP_TRUNCATED', detail: expect.stringMatching(/^bad\.pt: /) },
    });
    await expect(exporting('missing')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });
});

describe('an export', () => {
  it.each(['crashes_once', 'crashes_late'])('whose process is lost exists once, and whole: %s', async (name) => {
    await harness.addModel(name);
    const result = await exporting(name);
    const { filename, metadata_filename: metadata } = result;
    expect(await harness.exportedFiles()).toEqual([metadata, filename, `${filename}.manifest.json`]);
    expect(await harness.context.store.readManifest(filename)).toMatchObject({ job_id: result.job_id });
  });

  it('whose process is lost twice leaves nothing', async () => {
    await harness.addModel('crashes_writing');
    expect(await failure(exporting('crashes_writing'))).toMatchObject({ code: 'READING_STOPPED', retryable: false });
    expect(await harness.exportedFiles()).toEqual([]);
  });

  it('that hangs can be cancelled', async () => {
    await harness.addModel('hangs');
    const controller = new AbortController();
    const reason = new AppError('CANCELLED', 'The job was cancelled.');
    const work = failure(exporting('hangs', controller.signal));
    await untilItHangs();
    controller.abort(reason);
    expect(await work).toBe(reason);
    expect(await harness.exportedFiles()).toEqual([]);
  });
});

it('a worker stops at once though a job hangs, which is back in the queue then', async () => {
  const { jobs, worker: parts } = harness;
  await harness.addModel('hangs');
  const { job } = await enqueue(jobs, 'inspect', { model_name: 'hangs', identity: 'x' });
  const worker = runWorker(parts, 'inspect', inspectProcessor(context), 1);
  await untilItHangs();
  await stopWorker(worker, 100);
  expect(await showJob(jobs, job.id ?? '')).toMatchObject({ status: 'queued' });
});
