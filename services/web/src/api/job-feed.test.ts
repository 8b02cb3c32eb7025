import type { JobList, JobNotice, JobView } from '@caissa/shared/contracts';
import { type InfiniteData, QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { feedIsLive } from '../state/connection';
import { applyNotice, openFeed } from './job-feed';
import { jobPagesQuery, jobQuery, jobsQuery, KEYS } from './queries';

let client: QueryClient;

beforeEach(() => {
  client = new QueryClient();
});

function job(id: string, status: JobView['status'] = 'active'): JobView {
  return {
    success: true,
    job_id: id,
    type: 'export',
    status,
    progress: { percent: 10, stage: 'reading' },
    model_name: 'model_v1',
    attempts: 1,
    created_at: '2025-10-07T03:11:38Z',
    cancel_requested: false,
    links: { self: `/api/jobs/${id}`, events: `/api/jobs/${id}/events` },
  };
}

const list = (...jobs: JobView[]): JobList => ({ success: true, jobs });

function notice(id: string, status: JobNotice['status'], percent?: number): JobNotice {
  const progress = percent === undefined ? {} : { progress: { percent, stage: 'writing' as const } };
  return { job_id: id, type: 'export', status, model_name: 'model_v1', ...progress };
}

const LIST_KEY = jobsQuery({}).queryKey;
const PAGES_KEY = jobPagesQuery({}, true).queryKey;
const keptList = () => client.getQueryData<JobList>(LIST_KEY);
const keptPages = () => client.getQueryData<InfiniteData<JobList>>(PAGES_KEY);

describe('progress', () => {
  it('is written into the job, the lists and the pages that hold it', () => {
    client.setQueryData(jobQuery('a').queryKey, job('a'));
    client.setQueryData(LIST_KEY, list(job('a'), job('b')));
    client.setQueryData(PAGES_KEY, { pages: [list(job('b')), list(job('a'))], pageParams: [undefined, 'b'] });
    expect(applyNotice(client, notice('a', 'active', 60))).toBe(false);
    const expected = { percent: 60, stage: 'writing' };
    expect(client.getQueryData<JobView>(KEYS.job('a'))?.progress).toEqual(expected);
    expect(keptList()?.jobs[0]?.progress).toEqual(expected);
    expect(keptPages()?.pages[1]?.jobs[0]?.progress).toEqual(expected);
  });

  it('of a job that nothing shows is no reason to ask for lists; its beginning and its end are', () => {
    client.setQueryData(LIST_KEY, list(job('b')));
    expect(applyNotice(client, notice('a', 'active', 60))).toBe(false);
    for (const status of ['queued', 'active', 'completed', 'failed', 'cancelled'] as const) {
      expect(applyNotice(client, notice('a', status))).toBe(true);
    }
    expect(applyNotice(client, notice('a', 'completed', 100))).toBe(true);
  });

  it('leaves alone what it is not about', () => {
    const other = job('b');
    client.setQueryData(PAGES_KEY, { pages: [list(other), list(job('a'))], pageParams: [undefined, 'b'] });
    const before = keptPages()?.pages[0];
    applyNotice(client, notice('a', 'active', 60));
    expect(keptPages()?.pages[0]).toBe(before);
    expect(keptPages()?.pageParams).toEqual([undefined, 'b']);
  });

  it('that is not told keeps what was known', () => {
    client.setQueryData(LIST_KEY, list(job('a')));
    applyNotice(client, notice('a', 'active'));
    expect(keptList()?.jobs[0]?.progress.percent).toBe(10);
  });
});

describe('more than progress', () => {
  it('is a job that nobody knew', () => {
    expect(applyNotice(client, notice('new', 'queued'))).toBe(true);
    expect(client.getQueryData(KEYS.job('new'))).toBeUndefined();
  });

  it('is a job that begins', () => {
    client.setQueryData(LIST_KEY, list(job('a', 'queued')));
    expect(applyNotice(client, notice('a', 'active', 0))).toBe(true);
    expect(keptList()?.jobs[0]?.status).toBe('active');
  });

  it('is the end of a job, which is asked for and not written down', () => {
    client.setQueryData(PAGES_KEY, { pages: [list(job('a'))], pageParams: [undefined] });
    expect(applyNotice(client, notice('a', 'completed', 100))).toBe(true);
    expect(keptPages()?.pages[0]?.jobs[0]).toEqual(job('a'));
  });

  it('is not a late notice of a job that is over', () => {
    client.setQueryData(LIST_KEY, list(job('a', 'failed')));
    applyNotice(client, notice('a', 'active', 50));
    expect(keptList()?.jobs[0]).toEqual(job('a', 'failed'));
  });
});

/** An event source that does what the test says. */
class HeldSource extends EventTarget {
  static readonly CLOSED = 2;
  static readonly all: HeldSource[] = [];
  readyState = 0;
  constructor() {
    super();
    HeldSource.all.push(this);
  }
  close(): void {
    this.readyState = HeldSource.CLOSED;
  }
  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event('error'));
  }
}

describe('the feed', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', HeldSource);
    HeldSource.all.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is asked for again after a refusal, which a browser takes for final', () => {
    const close = openFeed(client);
    HeldSource.all[0]?.dispatchEvent(new Event('ready'));
    expect(feedIsLive.get()).toBe(true);
    HeldSource.all[0]?.fail(HeldSource.CLOSED);
    expect(feedIsLive.get()).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(HeldSource.all).toHaveLength(2);
    HeldSource.all[1]?.dispatchEvent(new Event('ready'));
    expect(feedIsLive.get()).toBe(true);
    close();
  });

  it('is left to the browser while that tries again by itself, and is not opened after it was given back', () => {
    const close = openFeed(client);
    HeldSource.all[0]?.fail(0);
    vi.advanceTimersByTime(60_000);
    expect(HeldSource.all).toHaveLength(1);
    HeldSource.all[0]?.fail(HeldSource.CLOSED);
    close();
    vi.advanceTimersByTime(60_000);
    expect(HeldSource.all).toHaveLength(1);
  });
});
