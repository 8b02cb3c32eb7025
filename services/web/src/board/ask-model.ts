import type { CurrentModel, Evaluation } from '@caissa/shared/contracts';
import { queryOptions } from '@tanstack/react-query';
import { ApiError, request } from '../api/client';
import { retryDelay, shouldRetry } from '../api/queries';

/** No position has more moves. All of them are requested, so that how many are shown does not change the request. */
const ALL_MOVES = 218;

/** Longer than the API waits for a loader, which may be busy with others or has to convert the model first. */
const TIMEOUT_MS = 160_000;

/** How long an evaluation counts as fresh: a file replaced under the same name shows after this long. */
const FRESH_MS = 60_000;

/** Whoever looks at the board waits for it: seldom asking would look like an answer that never comes. */
const MOST_PAUSE_MS = 2_000;

/** Begin of the keys of all evaluations. */
export const EVALUATIONS = ['evaluation'] as const;

/** Which model is asked. The active one has no name here: the replica that replies says which it is. */
export interface AskedModel {
  readonly name: string | undefined;
  /** The activation whose evaluations are cached; undefined if the model is not the active one. */
  readonly generation: number | undefined;
}

/** The active model, if there is one. */
export function activeModel(current: CurrentModel | undefined): AskedModel | undefined {
  return current?.loaded ? { name: undefined, generation: current.generation } : undefined;
}

/** What a model thinks of a position. While the next position loads, the evaluation of the last one is kept. */
export const evaluationQuery = (fen: string, model: AskedModel | undefined) =>
  queryOptions({
    queryKey: [...EVALUATIONS, model?.name ?? null, model?.generation ?? null, fen] as const,
    queryFn: ({ signal }) => ask(fen, model?.name, signal),
    enabled: model !== undefined && fen !== '',
    staleTime: FRESH_MS,
    retry: (failures, error) => passesByItself(error) || shouldRetry(failures, error),
    retryDelay: (failures, error) => retryDelay(failures, error, MOST_PAUSE_MS),
    placeholderData: (previous, query) => {
      const [, name, generation] = query?.queryKey ?? [];
      return name === (model?.name ?? null) && generation === (model?.generation ?? null) ? previous : undefined;
    },
  });

async function ask(fen: string, model: string | undefined, signal: AbortSignal): Promise<Evaluation> {
  const { positions } = await request<{ positions: Evaluation[] }>('/api/model/evaluate', {
    method: 'POST',
    body: { fen, top: ALL_MOVES, ...(model === undefined ? {} : { model }) },
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const [evaluation] = positions;
  if (evaluation === undefined) throw new TypeError('the API answered without an evaluation');
  return evaluation;
}

/** Statuses of what is over when a loader is ready, less busy, or reached again. */
const PASSING_STATUSES = new Set([0, 429, 502, 503, 504]);

/**
 * Whether a refusal ends without anybody doing anything. The active model alone is asked for without a name, and only
 * while there is one: a loader that knows of none has just started.
 */
export function passesByItself(error: unknown): error is ApiError {
  return error instanceof ApiError && (PASSING_STATUSES.has(error.status) || error.code === 'NO_ACTIVE_MODEL');
}
