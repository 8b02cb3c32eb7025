import type { Evaluation } from '@caissa/shared/contracts';
import type { UseQueryResult } from '@tanstack/react-query';
import clsx from 'clsx';
import { plural } from '../format/number';
import { useIsSlow } from '../ui/hooks';
import { Skeleton, Spinner } from '../ui/progress';
import { passesByItself } from './ask-model';
import { BestMoves } from './best-moves';
import { formatValue, type RankedMove } from './compare-evaluations';
import { Interruption, PanelFailure, Remark, Waiting } from './panel-states';

interface ModelPanelProps {
  readonly name: string;
  /** What the model is here. */
  readonly kind: keyof typeof SLOW;
  readonly series: 1 | 2;
  readonly query: UseQueryResult<Evaluation, Error>;
  /** Why no loader answers for it, in a sentence. */
  readonly outage: string | undefined;
  /** The position that is shown; an evaluation of another one is outdated. */
  readonly fen: string;
  /** Why no model can be asked about it. */
  readonly problem: string | undefined;
  readonly moves: readonly RankedMove[];
  readonly lines: number;
  /** Whether another model is asked about the same position. */
  readonly compared: boolean;
  readonly highlighted: string | undefined;
  readonly onPlay: (uci: string) => void;
  readonly onHighlight: (uci: string | undefined) => void;
}

const DOTS = { 1: 'bg-series-1', 2: 'bg-series-2' } as const;
const SLOW_MS = 1_200;
const SLOW = {
  Active: 'Still waiting for a loader to answer.',
  Compared: 'Still waiting. A model that is asked for the first time is converted first, which can take some seconds.',
} as const;

/** What one model says of the position. */
export function ModelPanel(props: ModelPanelProps) {
  const { name, kind, series, query, fen, problem, lines } = props;
  const data = problem === undefined ? query.data : undefined;
  const outdated = data !== undefined && data.fen !== fen;
  const slow = useIsSlow(query.isFetching, SLOW_MS);
  const obstacle = problem === undefined && (data === undefined || outdated) ? obstacleOf(props) : undefined;
  return (
    <section aria-label={`${kind} model ${name}`} className="min-w-0 flex-1 p-4">
      <header className="flex items-center gap-2 px-2">
        <span className={clsx('size-2.5 shrink-0 rounded-full', DOTS[series])} aria-hidden="true" />
        <h2 className="min-w-0 truncate text-sm font-semibold" title={name}>
          {name}
        </h2>
        <span className="text-xs text-muted">{kind}</span>
        <span className="ml-auto flex h-5 items-center text-muted">
          {slow && obstacle === undefined && <Spinner />}
        </span>
      </header>
      <ValueLine data={data} waiting={problem === undefined && obstacle === undefined} outdated={outdated} />
      {problem !== undefined ? (
        <Remark lines={lines}>No model can be asked about this yet. {problem}</Remark>
      ) : typeof obstacle === 'string' ? (
        <Interruption lines={lines}>{obstacle}</Interruption>
      ) : obstacle !== undefined ? (
        <PanelFailure error={obstacle} lines={lines} onRetry={() => void query.refetch()} />
      ) : data === undefined ? (
        <Waiting lines={lines} remark={slow ? SLOW[kind] : undefined} name={name} />
      ) : data.legal_moves === 0 ? (
        <Remark lines={lines}>The game is over: there is no move to choose from.</Remark>
      ) : (
        <BestMoves {...props} outdated={outdated} label={`Best moves of ${name}`} />
      )}
    </section>
  );
}

/** What keeps a model from evaluating a position: a sentence if it passes by itself, else the error. */
function obstacleOf({ query, outage }: Pick<ModelPanelProps, 'query' | 'outage'>): string | Error | undefined {
  if (outage !== undefined) return outage;
  const { error, failureReason } = query;
  if (passesByItself(failureReason)) return PASSING[failureReason.code] ?? failureReason.message;
  return error ?? undefined;
}

/** What passes by itself, by the code of the refusal. */
const PASSING: Readonly<Record<string, string>> = {
  NO_ACTIVE_MODEL: 'The model is still being opened.',
  NO_READY_REPLICA: 'No loader can answer at the moment.',
  OVERLOADED: 'The loaders have much to do.',
};

interface ValueLineProps {
  readonly data: Evaluation | undefined;
  /** An evaluation is on its way. */
  readonly waiting: boolean;
  readonly outdated: boolean;
}

function ValueLine({ data, waiting, outdated }: ValueLineProps) {
  return (
    <p
      className={clsx(
        'flex h-12 items-baseline gap-2 px-2 pt-1 transition-opacity duration-150',
        outdated && 'opacity-50',
      )}
    >
      <span className="text-xs text-muted">Value</span>
      {data === undefined && waiting ? (
        <span aria-hidden="true" className="relative text-2xl font-semibold text-transparent">
          {formatValue(0.5)}
          <Skeleton className="absolute inset-0" />
        </span>
      ) : (
        <span className="text-2xl font-semibold tracking-tight tabular-nums">
          {data === undefined ? '\u2013' : formatValue(data.value)}
        </span>
      )}
      <span className="ml-auto text-xs text-muted tabular-nums">
        {data && (data.legal_moves === 0 ? 'no legal move' : plural(data.legal_moves, 'legal move'))}
      </span>
    </p>
  );
}
