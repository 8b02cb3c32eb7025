import type { CurrentModel, Evaluation } from '@caissa/shared/contracts';
import { queryOptions } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { request } from '../api/client';

/** All moves of a position, as none has more: how many are shown changes nothing of what is asked. */
const ALL_MOVES = 218;

/** Longer than the API gives a model that has to be converted first. */
const ANSWER_TIMEOUT_MS = 160_000;

/** What another file under the same name would say is known this long after it was put there. */
const FRESH_MS = 60_000;

/** Which model is asked. The active one has no name here: whichever replica answers says which it is. */
export interface AskedModel {
  readonly name: string | undefined;
  /** The activation whose answers are kept; undefined if the model is not the active one. */
  readonly generation: number | undefined;
}

/** The active model as one that can be asked, if there is one. */
export function activeModel(current: CurrentModel | undefined): AskedModel | undefined {
  return current?.loaded ? { name: undefined, generation: current.generation } : undefined;
}

/** What a model thinks of a position. While a next position is asked about, the answer for the last one is kept. */
export const evaluationQuery = (fen: string, model: AskedModel | undefined) =>
  queryOptions({
    queryKey: ['evaluation', model?.name ?? null, model?.generation ?? null, fen] as const,
    queryFn: ({ signal }) => ask(fen, model?.name, signal),
    enabled: model !== undefined && fen !== '',
    staleTime: FRESH_MS,
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
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
  const [evaluation] = positions;
  if (evaluation === undefined) throw new TypeError('the API answered without an evaluation');
  return evaluation;
}

/** Whether something has gone on for longer than a person waits without being told. */
export function useIsSlow(going: boolean, afterMs: number): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!going) return;
    const timer = setTimeout(() => setSlow(true), afterMs);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [going, afterMs]);
  return slow;
}
