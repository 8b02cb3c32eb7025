import type { JobList, JobNotice, JobType, JobView } from '@caissa/shared/contracts';
import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { feedIsLive } from '../state/connection';
import { addressOf } from './address';
import { isUnfinished, KEYS, refreshAll } from './queries';

/** Pause before a feed that was refused is opened again. */
const REOPEN_PAUSE_MS = 5_000;

/** Lists are fetched at most this often, however many jobs change. */
const REFRESH_PAUSE_MS = 250;

/** What the end of a job changes besides the job itself. */
const CHANGED_BY: Readonly<Record<JobType, readonly (readonly string[])[]>> = {
  export: [KEYS.exports],
  load: [KEYS.current, KEYS.models, KEYS.eachModel, KEYS.activations],
  inspect: [KEYS.models, KEYS.eachModel],
};

/**
 * Follows all jobs over one connection, since a browser has only six per host. The feed says what changed; what is
 * shown is read from the API. While the page is hidden the connection is closed, unless the page waits for a job to
 * end.
 */
export function useJobFeed(enabled: boolean, awaitsJobs: boolean): void {
  const client = useQueryClient();
  const close = useRef<() => void>(undefined);
  useEffect(() => {
    const follow = () => {
      if (enabled && (awaitsJobs || !document.hidden)) close.current ??= openFeed(client);
      else {
        close.current?.();
        close.current = undefined;
      }
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => document.removeEventListener('visibilitychange', follow);
  }, [client, enabled, awaitsJobs]);
  useEffect(
    () => () => {
      close.current?.();
      close.current = undefined;
    },
    [],
  );
}

/** Opens the feed and keeps it open: a browser gives up for good when it gets anything but a stream. */
export function openFeed(client: QueryClient): () => void {
  let close = openOnce(client, again);
  let timer: ReturnType<typeof setTimeout> | undefined;
  function again() {
    timer = setTimeout(() => {
      close();
      close = openOnce(client, again);
    }, REOPEN_PAUSE_MS);
  }
  return () => {
    clearTimeout(timer);
    close();
  };
}

function openOnce(client: QueryClient, onGivenUp: () => void): () => void {
  const source = new EventSource(addressOf('/api/jobs/events'));
  const refresh = collectRefreshes(client);
  source.addEventListener('ready', () => {
    feedIsLive.set(true);
    void refreshAll(client);
  });
  source.addEventListener('job', ({ data }: MessageEvent<string>) => {
    const notice = JSON.parse(data) as JobNotice;
    const changed = applyNotice(client, notice);
    if (!changed) return;
    refresh(KEYS.jobs);
    refresh(KEYS.job(notice.job_id));
    if (!isUnfinished(notice)) for (const key of CHANGED_BY[notice.type]) refresh(key);
  });
  source.addEventListener('error', () => {
    feedIsLive.set(false);
    if (source.readyState === EventSource.CLOSED) onGivenUp();
  });
  return () => {
    source.close();
    refresh.stop();
    feedIsLive.set(false);
  };
}

/** Writes a notice into the cached jobs. Returns whether it says more than progress. */
export function applyNotice(client: QueryClient, notice: JobNotice): boolean {
  let known: JobView | undefined = client.getQueryData<JobView>(KEYS.job(notice.job_id));
  const change = (job: JobView): JobView => {
    known ??= job;
    return { ...job, status: notice.status, progress: notice.progress ?? job.progress };
  };
  // Only progress is written down: how a job ended is in the job itself, which is fetched.
  if (isUnfinished(notice)) {
    client.setQueryData<JobView>(KEYS.job(notice.job_id), (job) => (job && isUnfinished(job) ? change(job) : job));
    const inList = (list: JobList): JobList => {
      if (!list.jobs.some((job) => job.job_id === notice.job_id && isUnfinished(job))) return list;
      return { ...list, jobs: list.jobs.map((job) => (job.job_id === notice.job_id ? change(job) : job)) };
    };
    client.setQueriesData<JobList | InfiniteData<JobList>>({ queryKey: KEYS.jobs }, (kept) => {
      if (kept === undefined) return kept;
      return 'pages' in kept ? { ...kept, pages: kept.pages.map(inList) } : inList(kept);
    });
  }
  if (known !== undefined) return known.status !== notice.status;
  // A job that no list holds may belong in one once it begins or ends; mere progress does not change that.
  return !isUnfinished(notice) || notice.progress === undefined;
}

/** Collects the queries to fetch again. */
function collectRefreshes(client: QueryClient): { (key: readonly string[]): void; stop(): void } {
  const waiting = new Map<string, readonly string[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const keys = [...waiting.values()];
    waiting.clear();
    for (const queryKey of keys) void client.invalidateQueries({ queryKey });
  };
  const refresh = (key: readonly string[]) => {
    waiting.set(key.join('/'), key);
    timer ??= setTimeout(flush, REFRESH_PAUSE_MS);
  };
  return Object.assign(refresh, { stop: () => clearTimeout(timer) });
}
