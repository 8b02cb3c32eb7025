import type {
  ActivationList,
  CurrentModel,
  ExportList,
  JobList,
  JobStatus,
  JobType,
  JobView,
  ModelInfo,
  ModelList,
  Readiness,
} from '@caissa/shared/contracts';
import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useQuery,
} from '@tanstack/react-query';
import { connection, feedIsLive, PROBE } from '../state/connection';
import { ApiError, request } from './client';
import { servingOf } from './serving';

/** Keys of cached replies of the API; a key stands for all keys that begin with it. */
export const KEYS = {
  session: ['session'],
  models: ['models'],
  eachModel: ['model'],
  model: (name: string) => ['model', name],
  current: ['current'],
  conditions: ['conditions'],
  activations: ['activations'],
  exports: ['exports'],
  jobs: ['jobs'],
  job: (id: string) => ['job', id],
} as const;

/** Most rows that the API puts on one page of models or exports. */
const PAGE = 1_000;

/** All pages of a list, joined. */
async function allPages<T extends { next_cursor?: string | undefined }>(
  path: string,
  rows: (page: T) => unknown[],
  signal: AbortSignal,
): Promise<T> {
  const first = await request<T>(`${path}?limit=${PAGE}`, { signal });
  const collected = rows(first);
  for (let cursor = first.next_cursor; cursor !== undefined; ) {
    const page = await request<T>(`${path}?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`, { signal });
    collected.push(...rows(page));
    cursor = page.next_cursor;
  }
  return first;
}

/** Reply of `/api/session`: who the visitor is. */
export interface Session {
  readonly authenticated: boolean;
  /** Whether the API asks for access keys at all. */
  readonly required: boolean;
  readonly name: string | null;
  readonly role: 'viewer' | 'operator' | null;
}

/** Who the visitor is. */
export const sessionQuery = queryOptions({
  queryKey: KEYS.session,
  queryFn: ({ signal }) => request<Session>('/api/session', { signal }),
  staleTime: 60_000,
});

/** All models, newest version first. */
export const modelsQuery = queryOptions({
  queryKey: KEYS.models,
  queryFn: ({ signal }) => allPages<ModelList>('/api/model/list', ({ models }) => models, signal),
  refetchInterval: 15_000,
});

/** One model with its tensors. */
export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: KEYS.model(name),
    queryFn: ({ signal }) => request<ModelInfo>(`/api/model/info/${encodeURIComponent(name)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'inspecting' ? 1_500 : false),
  });

/** What is active, and which replicas there are. Fetched more often while not all of them serve it. */
export const currentQuery = queryOptions({
  queryKey: KEYS.current,
  queryFn: ({ signal }) => request<CurrentModel>(PROBE, { signal }),
  refetchInterval: ({ state: { data } }) => {
    const serving = data && servingOf(data);
    return serving === 'partial' || serving === 'down' ? 1_000 : 5_000;
  },
});

/** What is wrong with the API and what it needs. Fetched more often while something is. */
export const conditionsQuery = queryOptions({
  queryKey: KEYS.conditions,
  queryFn: ({ signal }) => request<Readiness>('/readyz', { signal }),
  refetchInterval: ({ state: { data } }) =>
    data?.conditions.length || connection.get() === 'degraded' ? 2_000 : 10_000,
});

/** Whether a model is active and no replica answers. */
export function useIsDown(): boolean {
  const { data } = useQuery({ ...currentQuery, select: servingOf });
  return data === 'down';
}

/** The newest entries of the journal of activations. */
export const activationsQuery = queryOptions({
  queryKey: KEYS.activations,
  queryFn: ({ signal }) => request<ActivationList>('/api/model/activations?limit=200', { signal }),
  refetchInterval: 30_000,
});

/** All exports, newest first. */
export const exportsQuery = queryOptions({
  queryKey: KEYS.exports,
  queryFn: ({ signal }) => allPages<ExportList>('/api/model/exports', ({ exports }) => exports, signal),
  refetchInterval: ({ state }) => (state.data?.complete === false ? 3_000 : 20_000),
});

/** Which jobs a list holds. */
export interface JobFilter {
  readonly type?: JobType | undefined;
  readonly status?: JobStatus | undefined;
  readonly model?: string | undefined;
  readonly limit?: number;
}

/** The newest jobs that match a filter. The job feed keeps them fresh; the interval is for when the feed is down. */
export const jobsQuery = (filter: JobFilter) =>
  queryOptions({
    queryKey: [...KEYS.jobs, filter],
    queryFn: ({ signal }) => request<JobList>(`/api/jobs?${jobsParams(filter)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.jobs.some(isUnfinished) ? 2_000 : 10_000),
    placeholderData: keepPreviousData,
  });

/** The jobs that match a filter, page by page. `isLive` says that the job feed keeps them fresh. */
export const jobPagesQuery = (filter: JobFilter, isLive: boolean) =>
  infiniteQueryOptions({
    queryKey: [...KEYS.jobs, 'pages', filter],
    queryFn: ({ signal, pageParam }) => request<JobList>(`/api/jobs?${jobsParams(filter, pageParam)}`, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) => {
      if (isLive) return 30_000;
      return state.data?.pages.some(({ jobs }) => jobs.some(isUnfinished)) ? 2_000 : 5_000;
    },
    placeholderData: keepPreviousData,
  });

function jobsParams({ type, status, model, limit = 50 }: JobFilter, cursor?: string): URLSearchParams {
  const given = Object.entries({ type, status, model, limit: String(limit), cursor }).filter(([, value]) => value);
  return new URLSearchParams(given as [string, string][]);
}

/**
 * One job, until it is over. Hundreds may be awaited at once, so they are polled often only while the feed is down.
 * They are polled while the page is hidden too, since a download that starts by itself does not wait for somebody to
 * look.
 */
export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: KEYS.job(id),
    queryFn: ({ signal }) => request<JobView>(`/api/jobs/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => {
      if (isGone(state.error) || (state.data && !isUnfinished(state.data))) return false;
      return feedIsLive.get() ? 30_000 : 3_000;
    },
    refetchIntervalInBackground: true,
  });

/** Whether something was not found. Jobs are forgotten some time after they are over. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Whether a job is still queued or running. */
export function isUnfinished({ status }: Pick<JobView, 'status'>): boolean {
  return status === 'queued' || status === 'active';
}

/** Unfinished jobs that change the active model, newest first. */
export function useActivationJobs(): JobView[] {
  return useUnfinishedJobs('load');
}

/** Unfinished jobs of a kind, newest first; of very many, the newest. */
export function useUnfinishedJobs(type: JobType): JobView[] {
  const { data } = useQuery(jobsQuery({ type, limit: 20 }));
  return data?.jobs.filter(isUnfinished) ?? [];
}

/** Whether a request is tried again: what the API refused would be refused again, but an outage may pass. */
export function shouldRetry(failures: number, error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500) && failures < 2;
}

/** However long the API says: it may be back sooner. */
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before a request is tried again, in milliseconds: as the API says, else longer each time, up to `mostMs`. */
export function retryDelay(failures: number, error: unknown, mostMs = LONGEST_PAUSE_MS): number {
  const saidMs = error instanceof ApiError ? error.retryAfterMs : undefined;
  return Math.min(saidMs ?? Math.min(1_000 * 2 ** failures, mostMs), LONGEST_PAUSE_MS);
}

/** Whether the API refused a request because the visitor is not signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Fetches everything that is shown again; resolves when it is there. */
export async function refreshAll(client: QueryClient): Promise<void> {
  await client.invalidateQueries();
}

/** When the oldest of what is shown was fetched, in ms by this machine's clock; undefined while nothing is there. */
export function shownSinceMs(client: QueryClient): number | undefined {
  const shown = client.getQueryCache().findAll({ type: 'active' });
  // Who the visitor is does not grow old.
  const times = shown.flatMap(({ queryKey, state }) => (queryKey === KEYS.session ? [] : [state.dataUpdatedAt]));
  const fetched = times.filter((time) => time > 0);
  return fetched.length === 0 ? undefined : Math.min(...fetched);
}
