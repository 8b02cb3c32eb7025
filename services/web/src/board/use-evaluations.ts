import type { CurrentModel, Evaluation } from '@caissa/shared/contracts';
import { queryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { request } from '../api/client';
import { currentQuery } from '../api/queries';
import { useSettled } from '../ui/hooks';
import { type Arrow, arrowsOf } from './arrows';
import { type Agreement, agreementOf, type RankedMove, rankedMoves } from './compare-evaluations';

/** No position has more moves. All of them are requested, so that how many are shown does not change the request. */
const ALL_MOVES = 218;

/** Longer than the API waits for a model that has to be converted first. */
const ANSWER_TIMEOUT_MS = 160_000;

/** How long an evaluation counts as fresh: a file replaced under the same name shows after this long. */
const FRESH_MS = 60_000;

/** Which model is asked. The active one has no name here: the replica that replies says which it is. */
interface AskedModel {
  readonly name: string | undefined;
  /** The activation whose evaluations are cached; undefined if the model is not the active one. */
  readonly generation: number | undefined;
}

/** The active model, if there is one. */
function activeModel(current: CurrentModel | undefined): AskedModel | undefined {
  return current?.loaded ? { name: undefined, generation: current.generation } : undefined;
}

/** What a model thinks of a position. While the next position loads, the evaluation of the last one is kept. */
const evaluationQuery = (fen: string, model: AskedModel | undefined) =>
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

/** Positions that are stepped through faster than this are not evaluated. */
const PAUSE_MS = 90;

const NO_MOVES: readonly RankedMove[] = [];

/** A model and what it says. */
export interface AskedPanel {
  readonly name: string;
  readonly query: UseQueryResult<Evaluation, Error>;
  readonly moves: readonly RankedMove[];
}

/** What the models say of a position. */
export interface Evaluations {
  /** What the active model says; undefined if none is active. */
  readonly active: AskedPanel | undefined;
  /** What the model beside it says, if one was chosen. */
  readonly compared: AskedPanel | undefined;
  /** Whether it is known yet which model is active. */
  readonly known: boolean;
  /** Only those for the position that is shown. */
  readonly arrows: readonly Arrow[];
  readonly agreement: Agreement | undefined;
}

/** Has the active model, and another one by name, evaluate a position. A position that cannot be played is not sent. */
export function useEvaluations(fen: string, playable: boolean, compare: string | undefined, top: number): Evaluations {
  const { data: current, isPending } = useQuery(currentQuery);
  const settled = useSettled(playable ? fen : '', PAUSE_MS);
  const activeAsked = useActiveKey(activeModel(current));
  const comparedAsked = useMemo(
    () => (compare === undefined ? undefined : { name: compare, generation: undefined }),
    [compare],
  );
  const activeQuery = useQuery(evaluationQuery(settled, activeAsked));
  const comparedQuery = useQuery(evaluationQuery(settled, comparedAsked));
  const first = activeQuery.data;
  const second = compare === undefined ? undefined : comparedQuery.data;
  const samePosition = first !== undefined && second !== undefined && first.fen === second.fen;

  const firstMoves = useMemo(
    () => (first ? rankedMoves(first, samePosition ? second : undefined, top) : NO_MOVES),
    [first, second, samePosition, top],
  );
  const secondMoves = useMemo(
    () => (second ? rankedMoves(second, samePosition ? first : undefined, top) : NO_MOVES),
    [first, second, samePosition, top],
  );
  const arrows = useMemo(
    () =>
      arrowsOf(
        first?.fen === fen && playable ? firstMoves : NO_MOVES,
        second?.fen === fen && playable ? secondMoves : NO_MOVES,
      ),
    [first, second, fen, playable, firstMoves, secondMoves],
  );
  return {
    known: !isPending,
    active: activeAsked && {
      name: first?.model_name ?? current?.model_name ?? 'active',
      query: activeQuery,
      moves: firstMoves,
    },
    compared: compare === undefined ? undefined : { name: compare, query: comparedQuery, moves: secondMoves },
    arrows,
    agreement:
      samePosition && first.fen === fen && first.moves.length > 0 ? agreementOf(first, second, top) : undefined,
  };
}

/** The same object as long as its content is the same, since it is part of a query key. */
function useActiveKey(asked: ReturnType<typeof activeModel>): ReturnType<typeof activeModel> {
  const generation = asked?.generation;
  const there = asked !== undefined;
  return useMemo(() => (there ? { name: undefined, generation } : undefined), [there, generation]);
}
