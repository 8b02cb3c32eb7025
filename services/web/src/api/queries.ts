import type {
  ActivationList,
  CurrentModel,
  DeviceInfo,
  ExportList,
  JobList,
  JobStatus,
  JobType,
  JobView,
  ModelInfo,
  ModelList,
} from '@caissa/shared/contracts';
import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useQuery,
} from '@tanstack/react-query';
import { feedIsLive, PROBE } from '../state/connection';
import { ApiError, request } from './client';

/** Keys of what is kept of the API's answers; a key stands for all that begin with it. */
export const KEYS = {
  session: ['session'],
  models: ['models'],
  eachModel: ['model'],
  model: (name: string) => ['model', name],
  current: ['current'],
  device: ['device'],
  activations: ['activations'],
  exports: ['exports'],
  jobs: ['jobs'],
  job: (id: string) => ['job', id],
} as const;

/** Most rows that the API gives on one page of models or exports. */
const PAGE = 1_000;

/** Every page of a list, put together. */
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

/** Answer of `/api/session`: who the visitor is. */
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

/** What is active, and on how many replicas. Asked for more often while replicas are still on their way. */
export const currentQuery = queryOptions({
  queryKey: KEYS.current,
  queryFn: ({ signal }) => request<CurrentModel>(PROBE, { signal }),
  refetchInterval: ({ state }) => {
    const replicas = state.data?.replicas;
    return replicas && state.data?.loaded && replicas.ready < replicas.total ? 1_000 : 5_000;
  },
});

/** What the replicas run on. */
export const deviceQuery = queryOptions({
  queryKey: KEYS.device,
  queryFn: ({ signal }) => request<DeviceInfo>('/api/device/info', { signal }),
  refetchInterval: 15_000,
});

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
  refetchInterval: 20_000,
});

/** Which jobs a list holds. */
export interface JobFilter {
  readonly type?: JobType | undefined;
  readonly status?: JobStatus | undefined;
  readonly model?: string | undefined;
  readonly limit?: number;
}

/** The newest jobs of a kind. The feed of jobs keeps it fresh; the interval is for when the feed is away. */
export const jobsQuery = (filter: JobFilter) =>
  queryOptions({
    queryKey: [...KEYS.jobs, filter],
    queryFn: ({ signal }) => request<JobList>(`/api/jobs?${jobsParams(filter)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.jobs.some(isUnfinished) ? 2_000 : 10_000),
    placeholderData: keepPreviousData,
  });

/** Jobs of a kind, page after page. `isLive` says that the feed of jobs is there to keep them fresh. */
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
 * One job, until it is over. Hundreds may be waited for at once, so they are asked about often only while no feed tells of
 * them; and while the page is hidden too, as what is to be downloaded at once does not wait for somebody to look.
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

/** Whether a job still waits or is at work. */
export function isUnfinished({ status }: Pick<JobView, 'status'>): boolean {
  return status === 'queued' || status === 'active';
}

/** Jobs that change what is active and are not over, the newest first. */
export function useActivationJobs(): JobView[] {
  const { data } = useQuery(jobsQuery({ type: 'load', limit: 20 }));
  return data?.jobs.filter(isUnfinished) ?? [];
}

/** How often a request is tried again: what the API refused is refused again, what it did not answer may pass. */
export function shouldRetry(failures: number, error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status >= 500) && failures < 2;
}

/** Whether the API refused something because it does not know who asks. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** Asks anew for everything that is shown. */
export function refreshAll(client: QueryClient): void {
  void client.invalidateQueries();
}
