import type { ModelSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { ChartLine } from 'lucide-react';
import { useMemo, useState } from 'react';
import { SegmentedControl } from '../ui/segmented-control';
import { type HistoryPoint, historyOf, linesOf, MEASURES, type Measure, summarize } from './history-data';
import { HistoryPlot } from './history-plot';
import { PLOT_HEIGHT_PX } from './plot';

interface HistoryChartProps {
  readonly models: readonly ModelSummary[];
  /** Name of the active model. */
  readonly currentName: string | undefined;
  readonly onOpen: (name: string) => void;
}

const CHOICES = (['loss', 'winRate'] as const).map((value) => ({ value, label: MEASURES[value].label }));

/** How loss and win rate changed from version to version. */
export function HistoryChart({ models, currentName, onOpen }: HistoryChartProps) {
  const histories = useMemo(
    () => ({ loss: historyOf(models, 'loss'), winRate: historyOf(models, 'winRate') }),
    [models],
  );
  const [chosen, setChosen] = useState<Measure>();
  const [pointed, setPointed] = useState<number>();
  // Models whose losses were not recorded may still have win rates.
  const measure = chosen ?? (histories.loss.length < 2 && histories.winRate.length >= 2 ? 'winRate' : 'loss');
  const history = histories[measure];
  const enough = history.length >= 2;
  const shown = pointed === undefined ? undefined : history[pointed];
  return (
    <div>
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="text-sm font-semibold">Training history</h2>
        <SegmentedControl
          legend="What the chart shows"
          choices={CHOICES}
          value={measure}
          onChange={(next) => {
            setChosen(next);
            setPointed(undefined);
          }}
        />
      </div>
      {enough ? (
        <>
          <Legend {...{ history, measure, currentName }} point={shown} />
          <HistoryPlot {...{ history, measure, currentName, pointed, onOpen }} onPoint={setPointed} />
          <p className="sr-only">{summarize(history, measure)}</p>
          <p className="sr-only" aria-live="polite">
            {shown && describe(shown, measure)}
          </p>
        </>
      ) : (
        <TooFew measure={measure} />
      )}
    </div>
  );
}

interface LegendProps {
  readonly history: readonly HistoryPoint[];
  readonly measure: Measure;
  readonly currentName: string | undefined;
  readonly point: HistoryPoint | undefined;
}

const DOTS = { 1: 'bg-series-1', 2: 'bg-series-2', 3: 'bg-series-3' } as const;

/** What the colours mean, with the values of the version that is pointed at, or else of the active or newest one. */
function Legend({ history, measure, currentName, point }: LegendProps) {
  const { lines, format } = MEASURES[measure];
  const current = history.find(({ name }) => name === currentName);
  const shown = point ?? current ?? history.at(-1);
  return (
    <dl className="mt-2 mb-1 flex min-h-6 flex-wrap items-center gap-x-4 gap-y-0.5 text-xs">
      {linesOf(history, measure).map((index) => {
        const line = lines[index];
        const value = shown?.values[index];
        return (
          line && (
            <div key={line.key} className="flex items-center gap-1.5">
              <dt className="flex items-center gap-1.5 text-muted">
                <span className={clsx('h-0.5 w-3 rounded-full', DOTS[line.series])} aria-hidden="true" />
                {line.label}
              </dt>
              <dd className="min-w-12 font-medium tabular-nums">
                {value === null || value === undefined ? '\u2013' : format(value)}
              </dd>
            </div>
          )
        );
      })}
      <div className="ml-auto text-muted tabular-nums">
        <dt className="sr-only">Version</dt>
        <dd>{shown && `v${shown.version}${shown === current ? ', active' : ''}`}</dd>
      </div>
    </dl>
  );
}

function TooFew({ measure }: { readonly measure: Measure }) {
  return (
    <div
      style={{ height: PLOT_HEIGHT_PX + 36 }}
      className="flex flex-col items-center justify-center gap-3 px-4 text-center"
    >
      <span className="flex size-11 items-center justify-center rounded-2xl bg-sunken text-muted">
        <ChartLine className="size-5" aria-hidden="true" />
      </span>
      <p className="max-w-sm text-sm text-muted">
        {`Its course is drawn here as soon as two models have a version and ${MEASURES[measure].missing} in their metadata.`}
      </p>
    </div>
  );
}

/** What a screen reader says about a version. */
function describe({ name, version, values }: HistoryPoint, measure: Measure): string {
  const { lines, format } = MEASURES[measure];
  const parts = lines.flatMap(({ label }, index) => {
    const value = values[index];
    return value === null || value === undefined ? [] : [`${label} ${format(value)}`];
  });
  return `Version ${version}, ${name}: ${parts.join(', ')}.`;
}
