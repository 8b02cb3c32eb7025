import { modelFilename } from '@caissa/formats';
import type { JobView, ModelSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { PackageOpen } from 'lucide-react';
import { memo } from 'react';
import { formatMeasure, formatPercent, formatSize } from '../format/number';
import { describeJob, STAGE_WORDS } from '../jobs/job-words';
import { routeHref } from '../state/route';
import { buttonClass } from '../ui/button';
import { TimeText } from '../ui/time-text';
import { known } from './known';
import { COMPACT_LABEL, LoadButton } from './load-button';
import { readMetric } from './metrics';
import { ModelBadges } from './model-badges';

/** The columns of the table, for its head and for every row. */
export const COLUMNS =
  'grid items-center gap-x-4 px-5 md:grid-cols-[minmax(0,1fr)_4.5rem_10.5rem_5.5rem_5.5rem] lg:grid-cols-[minmax(0,1fr)_4.5rem_10.5rem_5.5rem_5.5rem_5.5rem_5.5rem] xl:gap-x-6 xl:grid-cols-[minmax(0,1fr)_4.5rem_11rem_5.5rem_5.5rem_5.5rem_11.5rem]';

interface ModelRowProps {
  readonly model: ModelSummary;
  /** The job that is about to activate or unload it. */
  readonly activation: JobView | undefined;
  readonly canOperate: boolean;
  /** Whether it is active and answers no positions. */
  readonly isDown: boolean;
  readonly rowIndex: number;
  readonly topPx: number;
  readonly heightPx: number;
}

/**
 * One model of the list. Its name links to its details. While scrolling, many rows come and go with each frame, so a
 * row is given all it shows and subscribes to nothing.
 */
export const ModelRow = memo(function ModelRow(props: ModelRowProps) {
  const { model, activation, canOperate, isDown, rowIndex, topPx, heightPx } = props;
  const { name, filename, size_bytes, metadata, status, problem, is_current } = model;
  const [version, trained] = [known(model.version), known(model.training_date)];
  const winRate = readMetric(metadata, 'win_rate');
  const loss = readMetric(metadata, 'training_loss');
  return (
    <div
      role="row"
      aria-rowindex={rowIndex}
      style={{ height: heightPx, transform: `translateY(${topPx}px)` }}
      className={clsx(
        COLUMNS,
        'absolute inset-x-0 top-0 border-t border-line text-sm max-md:grid-cols-[minmax(0,1fr)_auto]',
        // Above the first one is the edge of the search on phones, and the head elsewhere.
        rowIndex === 2 && 'max-md:border-t-transparent',
        is_current ? (isDown ? 'bg-danger-soft/60' : 'bg-accent-soft/60') : 'hover:bg-sunken/70',
      )}
    >
      <Cell className="min-w-0">
        <div className="flex min-w-0 items-center gap-2">
          <a
            href={routeHref('models', { name })}
            title={filename}
            className="truncate font-medium after:absolute after:inset-0 hover:underline focus-visible:outline-none focus-visible:after:rounded-lg focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
          >
            {name}
          </a>
          <ModelBadges model={model} />
        </div>
        {/* The problem of an unreadable file begins with its name. */}
        {filename !== modelFilename(name) && status !== 'unreadable' && (
          <p className="truncate text-xs text-muted">{filename}</p>
        )}
        {activation && <RowActivity job={activation} />}
        {status === 'unreadable' && <p className="truncate text-xs text-danger-text">{problem?.detail}</p>}
        <p className="truncate text-xs text-muted md:hidden">
          {[
            typeof version === 'number' ? `v${version}` : version,
            formatSize(size_bytes),
            winRate !== undefined && `wins ${formatPercent(winRate)}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        {trained !== undefined && status !== 'unreadable' && (
          <p className="truncate text-xs text-muted md:hidden">
            <TimeText time={trained} />
          </p>
        )}
      </Cell>
      <Cell className="truncate text-right tabular-nums max-md:hidden">{version ?? '–'}</Cell>
      <Cell className="truncate text-muted max-md:hidden">
        {trained === undefined ? '–' : <TimeText time={trained} />}
      </Cell>
      <Cell className="text-right tabular-nums max-lg:hidden">
        {winRate === undefined ? '–' : formatPercent(winRate)}
      </Cell>
      <Cell className="text-right tabular-nums max-lg:hidden">{loss === undefined ? '–' : formatMeasure(loss)}</Cell>
      <Cell className="text-right whitespace-nowrap text-muted tabular-nums max-md:hidden">
        {formatSize(size_bytes)}
      </Cell>
      <Cell className="relative flex justify-end gap-1.5">
        {canOperate && status !== 'unreadable' && <RowActions model={model} activation={activation} />}
      </Cell>
    </div>
  );
});

function Cell({ className, children }: { readonly className?: string; readonly children: React.ReactNode }) {
  return (
    <div role="cell" className={className}>
      {children}
    </div>
  );
}

/** How far the activation of a model has come. */
function RowActivity({ job }: { readonly job: JobView }) {
  return (
    <p className="truncate text-xs text-info-text tabular-nums">
      {describeJob(job)}: {STAGE_WORDS[job.progress.stage]}, {Math.round(job.progress.percent)} %
    </p>
  );
}

function RowActions({ model, activation }: Pick<ModelRowProps, 'model' | 'activation'>) {
  return (
    <>
      {model.status === 'ready' && (
        <a
          href={routeHref('export', { models: model.name })}
          aria-label={`Export ${model.name}`}
          className={buttonClass('quiet', 'small')}
        >
          <PackageOpen aria-hidden="true" />
          <span className={COMPACT_LABEL}>Export</span>
        </a>
      )}
      {!model.is_current && (
        <LoadButton model={model} running={activation !== undefined && activation.kind !== 'unload'} compact />
      )}
    </>
  );
}
