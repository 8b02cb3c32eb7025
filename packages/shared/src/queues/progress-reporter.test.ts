import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { JobProgress } from '../contracts/jobs.js';
import { ProgressReporter } from './progress-reporter.js';

afterEach(() => vi.useRealTimers());

const stages = ['opening', 'reading', 'writing', 'verifying'] as const;

test('a new stage is sent at once, the same one not more often than clients can use', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const sent: JobProgress[] = [];
  const reporter = new ProgressReporter(async (progress) => {
    sent.push(progress);
  });
  for (let percent = 0; percent < 1_000; percent++) reporter.report({ percent: percent / 100, stage: 'reading' });
  reporter.report({ percent: 50.4, stage: 'writing' });
  await reporter.flush();
  expect(sent).toEqual([
    { percent: 0, stage: 'reading' },
    { percent: 50, stage: 'writing' },
  ]);
  vi.advanceTimersByTime(99);
  reporter.report({ percent: 55, stage: 'writing' });
  vi.advanceTimersByTime(1);
  reporter.report({ percent: 60, stage: 'writing' });
  await reporter.flush();
  expect(sent.slice(2)).toEqual([{ percent: 60, stage: 'writing' }]);
});

test('messages go one at a time, in order, and the last one is never lost to an earlier one', async () => {
  const sent: string[] = [];
  let sending = 0;
  const reporter = new ProgressReporter(async ({ stage }) => {
    expect(++sending).toBe(1);
    await delay(5);
    sending--;
    sent.push(stage);
  });
  for (const stage of stages) reporter.report({ percent: 1, stage });
  await reporter.flush();
  expect(sent).toEqual(['opening', 'verifying']);
});

test('a message that cannot be delivered stops neither the work nor the next message', async () => {
  let tries = 0;
  const reporter = new ProgressReporter(async () => {
    tries++;
    throw new Error('away');
  });
  for (const stage of stages) {
    reporter.report({ percent: 1, stage });
    await reporter.flush();
  }
  expect(tries).toBe(stages.length);
});
