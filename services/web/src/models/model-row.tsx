import { modelFilename } from '@caissa/formats';
import type { JobView, ModelSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { memo, type ReactNode } from 'react';
import { ExportButton } from '../exporting/export-button';
import { formatDate, formatTime, parseTime } from '../format/date';
import { formatMeasure, formatPercent, formatSize } from '../format/number';
import { describeJob, STAGE_WORDS } from '../jobs/job-words';
import { routeHref } from '../state/route';
import { known } from './known';
import { LoadButton } from './load-button';
import { readMetric } from './metrics';
import { BEING_WRITTEN, ModelBadges } from './model-badges';

/** The columns of the table, for its head and for every row. */
export const COLUMNS =
  'grid items-center gap-x-4 px-5 md:grid-cols-[minmax(0,1fr)_3.75rem_6.75rem_4.5rem_4.5rem_7.125rem] lg:grid-cols-[minmax(0,1fr)_4.5rem_7.5rem_5.5rem_5.5rem_5.5rem_7.125rem] xl:gap-x-6 xl:grid-cols-[minmax(0,1fr)_4.5rem_12rem_5.5rem_5.5rem_5.5rem_11.5rem]';

/** Only windows of at least this width have room for the size: it says least about a model. */
export const SIZE_CLASS = 'max-lg:hidden';

interface ModelRowProps {
  readonly model: ModelSummary;
  /** The job that is about to activate or unload it. */
  readonly activation: JobView | undefined;
  /** A job that is about to export it. */
  readonly exporting: JobView | undefined;
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
  const { model, activation, exporting, canOperate, isDown, rowIndex, topPx, heightPx } = props;
  const { name, filename, size_bytes, metadata, status, is_current } = model;
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
        <RowNote model={model} job={activation ?? exporting} />
        <CardLine
          facts={[
            typeof version === 'number' ? `v${version}` : version,
            winRate !== undefined && `wins ${formatPercent(winRate)}`,
            loss !== undefined && `loss ${formatMeasure(loss)}`,
          ]}
        />
        <CardLine facts={[trained !== undefined && formatDate(trained), formatSize(size_bytes)]} />
      </Cell>
      <Cell className="truncate text-right tabular-nums max-md:hidden">{version ?? '–'}</Cell>
      <Cell className="truncate text-muted max-md:hidden">
        {trained === undefined ? '–' : <TrainedText time={trained} />}
      </Cell>
      <Cell className="text-right tabular-nums max-md:hidden">
        {winRate === undefined ? '–' : formatPercent(winRate)}
      </Cell>
      <Cell className="text-right tabular-nums max-md:hidden">{loss === undefined ? '–' : formatMeasure(loss)}</Cell>
      <Cell className={clsx('text-right whitespace-nowrap text-muted tabular-nums', SIZE_CLASS)}>
        {formatSize(size_bytes)}
      </Cell>
      <Cell className="relative flex justify-end gap-1.5">
        {canOperate && status !== 'unreadable' && (
          <RowActions model={model} activation={activation} exporting={exporting} />
        )}
      </Cell>
    </div>
  );
});

function Cell({ className, children }: { readonly className?: string; readonly children: ReactNode }) {
  return (
    <div role="cell" className={className}>
      {children}
    </div>
  );
}

interface RowNoteProps {
  readonly model: ModelSummary;
  /** What is being done with it. */
  readonly job: JobView | undefined;
}

/** The one thing that is worth a line under the name: how far a job has come, what is wrong, or the name of the file. */
function RowNote({ model, job }: RowNoteProps) {
  const { name, filename, problem, deploy_problem: deployProblem } = model;
  if (job !== undefined) {
    return (
      <p className="truncate text-xs text-info-text tabular-nums">
        {describeJob(job)}: {STAGE_WORDS[job.progress.stage]}, {Math.round(job.progress.percent)} %
      </p>
    );
  }
  if (problem !== undefined) return <p className="truncate text-xs text-danger-text">{problem.detail}</p>;
  if (deployProblem !== undefined) {
    return (
      <p title={deployProblem.detail} className="truncate text-xs text-warn-text">
        {deployProblem.detail}
      </p>
    );
  }
  if (model.being_written) return <p className="truncate text-xs text-info-text">{BEING_WRITTEN}</p>;
  return filename === modelFilename(name) ? null : <p className="truncate text-xs text-muted">{filename}</p>;
}

/** A line of facts of a row that is a card, on phones. */
function CardLine({ facts }: { readonly facts: readonly (string | false | undefined)[] }) {
  return <p className="truncate text-xs text-muted tabular-nums md:hidden">{facts.filter(Boolean).join(' · ')}</p>;
}

/** When a model was trained: the day, and in wide windows the time of day. */
function TrainedText({ time }: { readonly time: string }) {
  const full = formatTime(time);
  return (
    <time dateTime={parseTime(time)?.toISOString() ?? time} title={full}>
      <span className="xl:hidden">{formatDate(time)}</span>
      <span className="max-xl:hidden">{full}</span>
    </time>
  );
}

function RowActions({ model, activation, exporting }: Pick<ModelRowProps, 'model' | 'activation' | 'exporting'>) {
  return (
    <>
      {model.status === 'ready' && <ExportButton model={model.name} running={exporting !== undefined} compact />}
      {!model.is_current && (
        <LoadButton model={model} running={activation !== undefined && activation.kind !== 'unload'} compact />
      )}
    </>
  );
}
