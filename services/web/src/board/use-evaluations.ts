import type { Evaluation } from '@caissa/shared/contracts';
import { type UseQueryResult, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { currentQuery } from '../api/queries';
import { NO_LOADER, outageOf } from '../api/serving';
import { useSettled } from '../ui/hooks';
import { type Arrow, arrowsOf } from './arrows';
import { activeModel, EVALUATIONS, evaluationQuery } from './ask-model';
import { type Agreement, agreementOf, type RankedMove, rankedMoves } from './compare-evaluations';

/** Positions that are stepped through faster than this are not evaluated. */
const PAUSE_MS = 90;

const NO_MOVES: readonly RankedMove[] = [];

/** A model and what it says. */
export interface AskedPanel {
  readonly name: string;
  readonly query: UseQueryResult<Evaluation, Error>;
  /** Why no loader answers for it, in a sentence. */
  readonly outage: string | undefined;
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
  useAskAgain(current?.replicas.ready);
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
      outage: current && outageOf(current),
      moves: firstMoves,
    },
    compared:
      compare === undefined
        ? undefined
        : {
            name: compare,
            query: comparedQuery,
            outage: current?.replica_list.length === 0 ? NO_LOADER : undefined,
            moves: secondMoves,
          },
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

/** Whenever more or fewer replicas are ready, asks again for the evaluations that failed: another one may know better. */
function useAskAgain(ready: number | undefined): void {
  const client = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: how many are ready is not used; that it changed is
  useEffect(() => {
    void client.refetchQueries({
      queryKey: EVALUATIONS,
      type: 'active',
      predicate: ({ state }) => state.status === 'error',
    });
  }, [client, ready]);
}
