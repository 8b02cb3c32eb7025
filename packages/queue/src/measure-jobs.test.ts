import { FormatError } from '@caissa/bytes';
import { AppError } from '@caissa/shared/errors';
import { createLogger } from '@caissa/shared/process';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { measureJobs } from './measure-jobs.js';
import type { Processor, WorkItem } from './run-worker.js';

function item(signal = new AbortController().signal, change: Partial<WorkItem<'inspect'>> = {}): WorkItem<'inspect'> {
  const data = { model_name: 'model_v1', identity: 'x' };
  return {
    id: 'inspect-1',
    data,
    createdAt: new Date(),
    firstAttempt: true,
    signal,
    lock: { key: 'lock', token: 'token' },
    confirm: async () => undefined,
    logger: createLogger('test', 'silent'),
    report: () => undefined,
    ...change,
  };
}

const result = { success: true, message: 'm', model_name: 'model_v1', status: 'ready', job_id: 'inspect-1' } as const;

test('counts attempts by how they end, and changes neither result nor error', async () => {
  const registry = new Registry();
  const measure = measureJobs(registry);
  const run = (processor: Processor<'inspect'>, signal?: AbortSignal) => measure('inspect', processor)(item(signal));
  expect(await run(async () => result)).toBe(result);
  const failures: [unknown, AbortSignal?][] = [
    [new FormatError('ZIP_CRC', 'damaged')],
    [new AppError('STORAGE_FULL', 'full')],
    [new TypeError('a bug')],
    [new Error('aborted'), AbortSignal.abort(new AppError('CANCELLED', 'cancelled'))],
    [new Error('aborted'), AbortSignal.abort(new Error('the worker stops'))],
  ];
  for (const [failure, signal] of failures) {
    await expect(run(() => Promise.reject(failure), signal)).rejects.toBe(failure);
  }
  const text = await registry.metrics();
  for (const outcome of ['completed', 'ZIP_CRC', 'STORAGE_FULL', 'INTERNAL', 'cancelled', 'returned']) {
    expect(text).toContain(`caissa_job_attempt_duration_seconds_count{queue="inspect",outcome="${outcome}"} 1`);
  }
});

test('measures how long a job waited for its first attempt, and no other', async () => {
  const registry = new Registry();
  const measured = measureJobs(registry)('inspect', async () => result);
  const createdAt = new Date(Date.now() - 60_000);
  await measured(item(undefined, { createdAt }));
  await measured(item(undefined, { createdAt, firstAttempt: false }));
  await measured(item(undefined, { createdAt: new Date(Date.now() + 60_000) }));
  const text = await registry.metrics();
  expect(text).toContain('caissa_job_wait_seconds_count{queue="inspect"} 2');
  expect(Number(/caissa_job_wait_seconds_sum\{queue="inspect"\} (\S+)/.exec(text)?.[1])).toBeCloseTo(60, 0);
});

test('measures each stage until the next one or the end, and passes reports on', async () => {
  const registry = new Registry();
  const reported: string[] = [];
  const report = ({ stage }: { stage: string }) => void reported.push(stage);
  const measured = measureJobs(registry)('inspect', async (work) => {
    work.report({ stage: 'opening', percent: 0 });
    work.report({ stage: 'reading', percent: 10 });
    work.report({ stage: 'reading', percent: 90 });
    throw new FormatError('ZIP_CRC', 'damaged');
  });
  await expect(measured(item(undefined, { report }))).rejects.toThrow('damaged');
  expect(reported).toEqual(['opening', 'reading', 'reading']);
  const text = await registry.metrics();
  for (const stage of ['opening', 'reading'])
    expect(text).toContain(`caissa_job_stage_duration_seconds_count{queue="inspect",stage="${stage}"} 1`);
});
