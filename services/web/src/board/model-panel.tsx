import type { Evaluation } from '@caissa/shared/contracts';
import type { UseQueryResult } from '@tanstack/react-query';
import clsx from 'clsx';
import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { plural } from '../format/number';
import { Button } from '../ui/button';
import { useIsSlow } from '../ui/hooks';
import { Notice } from '../ui/notice';
import { Skeleton, Spinner } from '../ui/progress';
import { BestMoves } from './best-moves';
import { formatValue, type RankedMove } from './compare-evaluations';

interface ModelPanelProps {
  readonly name: string;
  /** What the model is here: "Active", "Compared". */
  readonly kind: string;
  readonly series: 1 | 2;
  readonly query: UseQueryResult<Evaluation, Error>;
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

/** What one model says of the position. */
export function ModelPanel(props: ModelPanelProps) {
  const { name, kind, series, query, fen, problem, lines } = props;
  const data = problem === undefined ? query.data : undefined;
  const outdated = data !== undefined && data.fen !== fen;
  const slow = useIsSlow(query.isFetching, SLOW_MS);
  return (
    <section aria-label={`${kind} model ${name}`} className="min-w-0 flex-1 p-4">
      <header className="flex items-center gap-2 px-2">
        <span className={clsx('size-2.5 shrink-0 rounded-full', DOTS[series])} aria-hidden="true" />
        <h2 className="min-w-0 truncate text-sm font-semibold" title={name}>
          {name}
        </h2>
        <span className="text-xs text-muted">{kind}</span>
        <span className="ml-auto flex h-5 items-center text-muted">{slow && !query.isError && <Spinner />}</span>
      </header>
      <ValueLine data={data} waiting={problem === undefined && !query.isError} outdated={outdated} />
      {problem !== undefined ? (
        <Remark lines={lines}>No model can be asked about this yet. {problem}</Remark>
      ) : query.isError && (data === undefined || outdated) ? (
        <PanelFailure error={query.error} lines={lines} onRetry={() => void query.refetch()} />
      ) : data === undefined ? (
        <Waiting lines={lines} slow={slow} name={name} />
      ) : data.legal_moves === 0 ? (
        <Remark lines={lines}>The game is over: there is no move to choose from.</Remark>
      ) : (
        <BestMoves {...props} outdated={outdated} label={`Best moves of ${name}`} />
      )}
    </section>
  );
}

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

/** A sentence where the moves would be. */
function Remark({ lines, children }: { readonly lines: number; readonly children: ReactNode }) {
  return (
    <p style={{ minHeight: `${lines * 2.25}rem` }} className="px-2 pt-1.5 text-sm text-muted">
      {children}
    </p>
  );
}

function Waiting({ lines, slow, name }: { readonly lines: number; readonly slow: boolean; readonly name: string }) {
  return (
    <div style={{ minHeight: `${lines * 2.25}rem` }} className="relative px-2" role="status">
      <span className="sr-only">{`${name} is asked.`}</span>
      {slow ? (
        <p className="text-sm text-muted">
          Still waiting. A model that is asked for the first time is converted first, which can take some seconds.
        </p>
      ) : (
        Array.from({ length: lines }, (_, line) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
          <div key={line} className="flex h-9 items-center gap-4">
            <Skeleton className="h-4 w-12" />
            <Skeleton className="h-2 flex-1" />
            <Skeleton className="h-4 w-12" />
          </div>
        ))
      )}
    </div>
  );
}

/** What to do about a refusal, by its code. */
const ADVICE: Readonly<Record<string, string>> = {
  NO_ACTIVE_MODEL: 'Activate one on the models tab, or compare with a model by name.',
  MODEL_NOT_FOUND: 'It may have been removed or renamed.',
  OVERLOADED: 'The loaders have much to do. Try again in a moment.',
  NO_READY_REPLICA: 'Start a loader, or wait until one is ready.',
};

interface PanelFailureProps {
  readonly error: Error;
  readonly lines: number;
  readonly onRetry: () => void;
}

function PanelFailure({ error, lines, onRetry }: PanelFailureProps) {
  const advice = error instanceof ApiError ? ADVICE[error.code] : undefined;
  return (
    <div style={{ minHeight: `${lines * 2.25}rem` }}>
      <Notice tone="bad">
        <p>
          {error.message} {advice}
        </p>
        <Button size="small" className="mt-2" onClick={onRetry}>
          <RotateCw aria-hidden="true" />
          Try again
        </Button>
      </Notice>
    </div>
  );
}
