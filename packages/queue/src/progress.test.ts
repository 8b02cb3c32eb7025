import { setTimeout as delay } from 'node:timers/promises';
import type { JobProgress } from '@caissa/shared/contracts';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProgressReporter } from './progress.js';

const stages = ['opening', 'reading', 'writing', 'verifying'] as const;

let sent: JobProgress[];
let reporter: ProgressReporter;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  sent = [];
  reporter = new ProgressReporter(async (progress) => {
    sent.push(progress);
  });
});
afterEach(() => vi.useRealTimers());

test('the newest progress is sent, not more often than clients can use', async () => {
  for (let percent = 0; percent < 1_000; percent++) reporter.report({ percent: percent / 100, stage: 'reading' });
  reporter.report({ percent: 50.4, stage: 'writing' });
  await vi.advanceTimersByTimeAsync(99);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toEqual([{ percent: 50, stage: 'writing' }]);
  await vi.advanceTimersByTimeAsync(1_000);
  reporter.report({ percent: 55, stage: 'writing' });
  reporter.report({ percent: 60, stage: 'writing' });
  await vi.advanceTimersByTimeAsync(100);
  expect(sent.slice(1)).toEqual([{ percent: 60, stage: 'writing' }]);
});

test('work that is done sooner tells nothing, and nothing afterwards', async () => {
  for (const stage of stages) reporter.report({ percent: 1, stage });
  await reporter.drop();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent).toEqual([]);
});

test('work that fails sooner tells how far it came', async () => {
  for (const stage of stages) reporter.report({ percent: 1, stage });
  await reporter.flush();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent).toEqual([{ percent: 1, stage: 'verifying' }]);
});

test('messages go one at a time, in order, and the last one is never lost to an earlier one', async () => {
  vi.useRealTimers();
  const order: string[] = [];
  let sending = 0;
  const slow = new ProgressReporter(async ({ stage }) => {
    expect(++sending).toBe(1);
    await delay(5);
    sending--;
    order.push(stage);
  });
  for (const stage of stages) {
    slow.report({ percent: 1, stage });
    void slow.flush();
  }
  await slow.flush();
  expect(order).toEqual(['opening', 'verifying']);
});

test('a message that cannot be delivered stops neither the work nor the next message', async () => {
  let tries = 0;
  const unheard = new ProgressReporter(async () => {
    tries++;
    throw new Error('away');
  });
  for (const stage of stages) {
    unheard.report({ percent: 1, stage });
    await unheard.flush();
  }
  expect(tries).toBe(stages.length);
});
