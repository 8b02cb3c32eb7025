import { INTERFACE_CARD, MOVE_SHARE } from '@caissa/chess/interface-card';
import { Crown, EqualNot } from 'lucide-react';
import { formatPercent } from '../format/number';
import { routeHref } from '../state/route';
import { buttonClass } from '../ui/button';
import { Card } from '../ui/layout';
import { EmptyState } from '../ui/list-states';
import { Skeleton } from '../ui/progress';
import type { Agreement } from './compare-evaluations';
import { ModelPanel } from './model-panel';
import type { Evaluations } from './use-evaluations';

interface EvaluationCardProps {
  readonly evaluations: Evaluations;
  readonly fen: string;
  /** Why no model can be asked about what is on the board. */
  readonly problem: string | undefined;
  readonly top: number;
  readonly highlighted: string | undefined;
  readonly onPlay: (uci: string) => void;
  readonly onHighlight: (uci: string | undefined) => void;
}

/** What the models say of the position on the board. */
export function EvaluationCard({ evaluations, top, ...rest }: EvaluationCardProps) {
  const { active, compared, known, agreement } = evaluations;
  return (
    <Card label="What the network says">
      <div className="@container">
        <div className="flex flex-col divide-y divide-line @lg:flex-row @lg:divide-x @lg:divide-y-0">
          {active ? (
            <ModelPanel kind="Active" series={1} lines={top} compared={compared !== undefined} {...active} {...rest} />
          ) : known ? (
            <NoActiveModel />
          ) : (
            <PanelSkeleton lines={top} />
          )}
          {compared && (
            <ModelPanel
              kind="Compared"
              series={2}
              lines={top}
              compared={active !== undefined}
              {...compared}
              {...rest}
            />
          )}
        </div>
        {compared && active && <AgreementLine agreement={agreement} top={top} />}
        <p className="border-t border-line px-6 py-3 text-xs text-muted">
          {INTERFACE_CARD.value} {MOVE_SHARE}
          {compared && active && <MarkMeaning />}
        </p>
      </div>
    </Card>
  );
}

function MarkMeaning() {
  return (
    <>
      {' The sign '}
      <EqualNot className="inline size-3.5 text-warn-text" aria-hidden="true" />
      <span className="sr-only">differs</span>
      {' marks moves that the other model does not have among its best.'}
    </>
  );
}

function NoActiveModel() {
  return (
    <div className="flex-1">
      <EmptyState
        icon={Crown}
        title="No model is active"
        action={
          <a href={routeHref('models')} className={buttonClass('primary')}>
            Choose a model
          </a>
        }
      >
        Activate one to see what it thinks of a position, or compare with any model that is ready.
      </EmptyState>
    </div>
  );
}

function PanelSkeleton({ lines }: { readonly lines: number }) {
  return (
    <div className="flex-1 p-6" role="status" aria-label="Loading">
      <Skeleton className="h-5 w-40" />
      <Skeleton className="mt-4 h-7 w-20" />
      <div style={{ minHeight: `${lines * 2.25}rem` }} />
    </div>
  );
}

function AgreementLine({ agreement, top }: { readonly agreement: Agreement | undefined; readonly top: number }) {
  return (
    <dl className="grid min-h-14 grid-cols-2 gap-x-4 gap-y-1 border-t border-line px-6 py-3 text-sm @md:grid-cols-4">
      {(
        [
          ['Best move', agreement && (agreement.sameBest ? 'the same' : 'not the same')],
          ['Shared moves', agreement && `${agreement.shared} of ${top}`],
          ['Policies overlap', agreement && formatPercent(agreement.overlap)],
          ['Values apart', agreement?.valueGap.toFixed(2)],
        ] as const
      ).map(([name, value]) => (
        <div key={name}>
          <dt className="text-xs text-muted">{name}</dt>
          <dd className="min-h-5 font-medium tabular-nums">{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  );
}
