import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@caissa/shared/errors';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { eventually } from '@caissa/testing/eventually';
import { exportData, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { enqueue } from './enqueue.js';
import { type JobEvent, JobWatcher } from './job-watcher.js';
import { cancelJob } from './jobs.js';
import { runWorker } from './run-worker.js';

let jobs: TestJobs;
let watcher: JobWatcher;
let model = 0;
/** Jobs of these models wait here until they are let go. */
const gates = new Map<string, () => void>();

beforeAll(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
  watcher = new JobWatcher(jobs.context, jobs.worker.connection);
  jobs.onClose(() => watcher.close());
  const worker = runWorker(
    jobs.worker,
    'export',
    async (item) => {
      const { model_name } = item.data;
      item.report({ percent: 10, stage: 'reading' });
      if (model_name.startsWith('gated')) await new Promise<void>((open) => gates.set(model_name, open));
      // Until it has told how far it is.
      if (model_name.startsWith('slow')) await delay(300);
      if (model_name.startsWith('bad')) throw new AppError('STORAGE_FULL', 'Full.');
      return { message: 'done', download_url: '/x' } as never;
    },
    8,
  );
  jobs.onClose(() => worker.close());
});
afterAll(() => jobs.close());

async function add(kind: string): Promise<{ id: string; name: string }> {
  const name = `${kind}${++model}`;
  const { job } = await enqueue(jobs.context, 'export', exportData({ model_name: name }));
  return { id: job.id ?? '', name };
}

const never = () => new AbortController().signal;
const open = (name: string) => eventually('the job has begun', () => gates.get(name)).then((release) => release());

describe('waitForEnd', () => {
  test('answers when the job is over, promptly and with its result', async () => {
    await atBestWithin(1_000, async () => {
      const { id, name } = await add('gated');
      const waiting = watcher.waitForEnd(id, 60_000, never());
      await open(name);
      expect(await waiting).toMatchObject({ status: 'completed', result: { download_url: '/x' } });
    });
  });

  test('answers at once for a job that was over before', async () => {
    const { id } = await add('quick');
    await watcher.waitForEnd(id, 60_000, never());
    await atBestWithin(200, async () => {
      expect(await watcher.waitForEnd(id, 60_000, never())).toMatchObject({ status: 'completed' });
    });
  });

  test('always has the result, over many short jobs', async () => {
    for (let round = 0; round < 40; round++) {
      const { id } = await add('quick');
      const view = await watcher.waitForEnd(id, 60_000, never());
      expect(view).toMatchObject({ status: 'completed', result: { message: 'done' } });
    }
  });

  test('answers for failed and cancelled jobs', async () => {
    const failed = await add('bad');
    expect(await watcher.waitForEnd(failed.id, 60_000, never())).toMatchObject({
      status: 'failed',
      error: { code: 'STORAGE_FULL' },
    });
    await atBestWithin(500, async () => {
      const { job } = await enqueue(jobs.context, 'load', { model_name: `nobody-loads${++model}` });
      const waiting = watcher.waitForEnd(job.id ?? '', 60_000, never());
      await delay(50);
      await cancelJob(jobs.context, job.id ?? '');
      expect(await waiting).toMatchObject({ status: 'cancelled' });
    });
  });

  test('answers the state there is when the time is up or nobody waits any more', async () => {
    const { id, name } = await add('gated');
    await atBestWithin(1_000, async () => {
      const begin = performance.now();
      expect(await watcher.waitForEnd(id, 150, never())).toMatchObject({ job_id: id });
      expect(performance.now() - begin).toBeGreaterThanOrEqual(149);
    });
    await atBestWithin(1_000, async () => {
      const controller = new AbortController();
      const waiting = watcher.waitForEnd(id, 60_000, controller.signal);
      await delay(50);
      controller.abort();
      expect((await waiting).status).not.toBe('completed');
    });
    expect(await watcher.waitForEnd(id, 0, never())).toMatchObject({ job_id: id });
    await open(name);
    await watcher.waitForEnd(id, 60_000, never());
  });

  test('refuses a job that is not there', async () => {
    const id = 'load-00000000-0000-4000-8000-00000000dead';
    await expect(watcher.waitForEnd(id, 1_000, never())).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });
});

describe('events', () => {
  test('reach the subscribers of their job only, in order, until they leave', async () => {
    const { id, name } = await add('gated');
    const other = await add('gated');
    const events: JobEvent[] = [];
    const late: JobEvent[] = [];
    const leave = watcher.subscribe(id, (event) => events.push(event));
    const leaveLate = watcher.subscribe(id, (event) => late.push(event));
    leaveLate();
    await open(other.name);
    await open(name);
    await eventually('the end', () => events.some((event) => event.kind === 'completed'));
    expect(events.at(-1)?.kind).toBe('completed');
    expect(events.map((event) => event.id)).toEqual([...new Set(events.map((event) => event.id))].sort());
    expect(late).toEqual([]);
    leave();
  });

  test('after an id are those that came later, and only of that job', async () => {
    const before = await watcher.lastEventId('export');
    const { id } = await add('slow');
    await watcher.waitForEnd(id, 60_000, never());
    const events = await watcher.eventsSince(id, before);
    expect(events.map((event) => event.kind)).toEqual(['progress', 'completed']);
    expect(events[0]).toMatchObject({ progress: { percent: 10, stage: 'reading' } });
    expect(await watcher.eventsSince(id, events[0]?.id ?? '')).toEqual(events.slice(1));
    expect(await watcher.eventsSince(id, events[1]?.id ?? '')).toEqual([]);
    expect(await watcher.eventsSince((await add('quick')).id, before)).not.toContainEqual(events[1]);
    const last = await watcher.lastEventId('export');
    expect(last >= (events[1]?.id ?? '')).toBe(true);
  });

  test('of a failure and of a cancelled waiting job are told apart', async () => {
    const failed = await add('bad');
    await watcher.waitForEnd(failed.id, 60_000, never());
    expect((await watcher.eventsSince(failed.id, '0-0')).at(-1)).toMatchObject({ kind: 'failed' });
    const { job } = await enqueue(jobs.context, 'load', { model_name: 'nobody-loads-2' });
    await cancelJob(jobs.context, job.id ?? '');
    expect(await watcher.eventsSince(job.id ?? '', '0-0')).toMatchObject([{ kind: 'cancelled' }]);
  });

  test('refuse an id that is none, and of an empty stream begin at zero', async () => {
    const { id } = await add('quick');
    for (const bad of ['', 'x', '1', '1-', '-', '1-2-3', '+']) {
      await expect(watcher.eventsSince(id, bad)).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
    }
    const unused = await openTestJobs(inject('redisUrl'));
    const fresh = new JobWatcher(unused.context, unused.worker.connection);
    unused.onClose(() => fresh.close());
    expect(await fresh.lastEventId('inspect')).toBe('0-0');
    await unused.close();
  });

  test('are not missed on a quiet queue after the first read of its stream has timed out', async () => {
    // What is written between two reads must not fall into the gap: the reader knows where it stopped.
    const { job } = await enqueue(jobs.context, 'inspect', { model_name: 'quiet', identity: '1' });
    const events: JobEvent[] = [];
    const fresh = new JobWatcher(jobs.context, jobs.worker.connection);
    const leave = fresh.subscribe(job.id ?? '', (event) => events.push(event));
    await cancelJob(jobs.context, job.id ?? '');
    await eventually('the event', () => events.length > 0);
    leave();
    await fresh.close();
  });
});
