import { Conditions } from '@caissa/shared/process';
import { eventually } from '@caissa/testing/eventually';
import { openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { watchPausedQueues } from './watch-paused-queues.js';

let jobs: TestJobs;
beforeEach(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
});
afterEach(() => jobs.close());

test('a paused queue is a condition, said once when it is paused and once when it is resumed', async () => {
  const lines: { level: number; msg: string }[] = [];
  const conditions = new Conditions(pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }));
  const { inspect, export: exporting } = jobs.context.queues;
  await exporting.queue.pause();
  await inspect.queue.pause();
  const stop = watchPausedQueues(jobs.context.queues, conditions);
  await eventually('the condition', async () => conditions.has('QUEUE_PAUSED'));
  const message =
    'The export and inspect queues are paused, so no worker takes their jobs. An operator resumes them on the queue dashboard.';
  expect(conditions.all).toMatchObject([{ code: 'QUEUE_PAUSED', message }]);
  await exporting.queue.resume();
  await inspect.queue.resume();
  await eventually('the end', async () => !conditions.has('QUEUE_PAUSED'));
  stop();
  expect(lines.map(({ level, msg }) => [level, msg])).toContainEqual([40, message]);
  expect(lines.at(-1)?.msg).toMatch(/^Over: /);
});
