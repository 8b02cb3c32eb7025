import { exportData, openTestJobs, type TestJobs } from '@caissa/testing/open-test-jobs';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { enqueue } from './enqueue.js';
import { cancelJob } from './jobs.js';
import { type JobFilter, listJobs, trimJobList } from './list-jobs.js';

/** More than two pages of the index, of two models, with a few loads among them. */
const EXPORTS = 230;
let jobs: TestJobs;
const ids: string[] = [];

beforeAll(async () => {
  jobs = await openTestJobs(inject('redisUrl'));
  for (let n = 0; n < EXPORTS; n++) {
    const { job } = await enqueue(
      jobs.context,
      'export',
      exportData({ model_name: n % 2 === 0 ? 'even' : 'odd', metadata: { n } }),
    );
    ids.push(job.id ?? '');
  }
  for (const model_name of ['a', 'b', 'c']) await enqueue(jobs.context, 'load', { model_name });
  await cancelJob(jobs.context, ids[7] ?? '');
});
afterAll(() => jobs.close());

const list = (filter: Partial<JobFilter> = {}) => listJobs(jobs.context, { limit: 20, ...filter });

/** All pages of a filter. */
async function all(filter: Partial<JobFilter>): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...filter, cursor });
    expect(page.jobs.length).toBeLessThanOrEqual(filter.limit ?? 20);
    found.push(...page.jobs.map((job) => job.job_id));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return found;
}

// The last ones remove and add jobs.
describe('the list of jobs', { shuffle: false }, () => {
  test('shows the newest first', async () => {
    const { jobs: page, next_cursor } = await list({ limit: 5 });
    const times = page.map((job) => Date.parse(job.created_at));
    expect(times).toEqual([...times].sort((left, right) => right - left));
    expect(next_cursor).toBe(page.at(-1)?.job_id);
  });

  test.each([7, 50, 100, 115, 1000])('gives every job once in pages of %i', async (limit) => {
    const found = await all({ limit });
    expect(found).toHaveLength(EXPORTS + 3);
    expect(new Set(found).size).toBe(EXPORTS + 3);
  });

  test('filters by kind, model and state, across pages', async () => {
    expect(await all({ type: 'load' })).toHaveLength(3);
    expect(await all({ type: 'inspect' })).toEqual([]);
    expect(await all({ model: 'odd' })).toHaveLength(EXPORTS / 2);
    expect(await all({ status: 'cancelled' })).toEqual([ids[7]]);
    expect(await all({ status: 'queued', model: 'odd' })).toHaveLength(EXPORTS / 2 - 1);
    expect(await all({ status: 'active' })).toEqual([]);
    expect(await all({ type: 'load', model: 'odd' })).toEqual([]);
  });

  test('refuses a cursor that was not given out', async () => {
    const error = { code: 'INVALID_PARAMETER', status: 400, errors: [{ pointer: '?cursor' }] };
    await expect(list({ cursor: 'nonsense' })).rejects.toMatchObject(error);
  });

  test('drops jobs that their queue has removed, without losing others', async () => {
    const gone = ids.slice(100, 160);
    await Promise.all(gone.map(async (id) => (await jobs.context.queues.export.queue.getJob(id))?.remove()));
    const found = await all({ limit: 1000 });
    expect(found).toHaveLength(EXPORTS + 3 - gone.length);
    expect(await jobs.context.redis.zcard(jobs.context.keys.jobsByDate)).toBe(EXPORTS + 3 - gone.length);
  });

  test('shows no job twice when others come in while it is read', async () => {
    const reading = all({ limit: 1000 });
    await Promise.all(Array.from({ length: 40 }, (_, n) => enqueue(jobs.context, 'load', { model_name: `late${n}` })));
    const found = await reading;
    expect(new Set(found).size).toBe(found.length);
  });
});

test('what finds no job asks for no job, and what only trims the list is told of none', async () => {
  const { redis } = jobs.context;
  const [lrange, look] = [vi.spyOn(redis, 'lrange'), vi.spyOn(redis, 'eval')];
  expect(await list({ model: 'none' })).toEqual({ jobs: [] });
  expect(lrange).not.toHaveBeenCalled();
  look.mockClear();
  await trimJobList(jobs.context);
  const replies = await Promise.all(look.mock.results.map(({ value }) => value));
  expect(replies).toEqual([[expect.any(Number), 0, []]]);
  vi.restoreAllMocks();
});
