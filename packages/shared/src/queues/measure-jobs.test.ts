import { FormatError } from '@caissa/tensor';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.js';
import { createLogger } from '../logger.js';
import { measureJobs } from './measure-jobs.js';
import type { Processor, WorkItem } from './run-worker.js';

function item(signal = new AbortController().signal): WorkItem<'inspect'> {
  const data = { model_name: 'model_v1', identity: 'x' };
  return {
    id: 'inspect-1',
    data,
    createdAt: new Date(),
    firstAttempt: true,
    signal,
    logger: createLogger('test', 'silent'),
    report: () => undefined,
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
    [new AppError('CANCELLED', 'cancelled'), AbortSignal.abort()],
  ];
  for (const [failure, signal] of failures) {
    await expect(run(() => Promise.reject(failure), signal)).rejects.toBe(failure);
  }
  const text = await registry.metrics();
  for (const outcome of ['completed', 'ZIP_CRC', 'STORAGE_FULL', 'INTERNAL', 'cancelled']) {
    expect(text).toContain(`caissa_job_attempt_duration_seconds_count{type="inspect",outcome="${outcome}"} 1`);
  }
});
