import type { JobList, JobNotice, JobType, JobView } from '@caissa/shared/contracts';
import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { createStore } from '../state/store';
import { isUnfinished, KEYS, refreshAll } from './queries';

/** Whether what happens to jobs is told as it happens. While it is not, lists are asked for now and then. */
export const feedIsLive = createStore(false);

/** Lists are asked for at most this often, however many jobs change. */
const REFRESH_PAUSE_MS = 250;

/** How long to wait before a feed that the browser gave up is opened anew. */
const REOPEN_PAUSE_MS = 3_000;

/** What the end of a job changes beside the job itself. */
const CHANGED_BY: Readonly<Record<JobType, readonly (readonly string[])[]>> = {
  export: [KEYS.exports],
  load: [KEYS.current, KEYS.models, KEYS.activations, KEYS.device],
  inspect: [KEYS.models, ['model']],
};

/**
 * Follows all jobs over one connection, as a browser has only six for a host. The feed says what changed; what is shown
 * is read from the API. While the page is hidden the connection is given back.
 */
export function useJobFeed(enabled: boolean): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return;
    let close: (() => void) | undefined;
    const follow = () => {
      if (document.hidden) {
        close?.();
        close = undefined;
      } else close ??= openFeed(client);
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      close?.();
    };
  }, [client, enabled]);
}

function openFeed(client: QueryClient): () => void {
  const refresh = collectRefreshes(client);
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource('/api/jobs/events');
    source.addEventListener('ready', () => {
      feedIsLive.set(true);
      refreshAll(client);
    });
    source.addEventListener('job', ({ data }: MessageEvent<string>) => take(client, refresh, JSON.parse(data)));
    source.addEventListener('error', () => {
      feedIsLive.set(false);
      // A browser tries again by itself only where nobody answered, not where a gateway or the API refused.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, REOPEN_PAUSE_MS);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
    refresh.stop();
    feedIsLive.set(false);
  };
}

function take(client: QueryClient, refresh: (key: readonly string[]) => void, notice: JobNotice): void {
  if (!applyNotice(client, notice)) return;
  refresh(KEYS.jobs);
  refresh(KEYS.job(notice.job_id));
  if (!isUnfinished(notice)) for (const key of CHANGED_BY[notice.type]) refresh(key);
}

/** Writes a notice into the jobs that are kept. Answers whether it tells more than progress. */
export function applyNotice(client: QueryClient, notice: JobNotice): boolean {
  let known: JobView | undefined = client.getQueryData<JobView>(KEYS.job(notice.job_id));
  const change = (job: JobView): JobView => {
    known ??= job;
    return { ...job, status: notice.status, progress: notice.progress ?? job.progress };
  };
  // Only going on is written down: how a job ended stands in the job itself, which is asked for.
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
  // Of a job that no list holds, its beginning and its end may put it into one; that it goes on does not.
  return !isUnfinished(notice) || notice.progress === undefined;
}

/** Gathers what is to be asked for anew. */
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
