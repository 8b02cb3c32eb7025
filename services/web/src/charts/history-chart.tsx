import type { ModelSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { ChartLine } from 'lucide-react';
import { useMemo, useState } from 'react';
import { SelectField } from '../ui/field';
import { SegmentedControl } from '../ui/segmented-control';
import {
  comparisonOf,
  type History,
  type HistoryPoint,
  historyOf,
  MEASURES,
  type Measure,
  MOST_RUNS,
  summarize,
  valuesAt,
} from './history-data';
import { HistoryPlot } from './history-plot';
import { PLOT_HEIGHT_PX } from './plot';
import { type Run, runsOf } from './runs';

interface HistoryChartProps {
  readonly models: readonly ModelSummary[];
  /** Name of the active model. */
  readonly currentName: string | undefined;
  readonly onOpen: (name: string) => void;
}

const CHOICES = (['loss', 'winRate'] as const).map((value) => ({ value, label: MEASURES[value].label }));

/** Choice of all runs side by side. */
const ALL = 'all';

/** A line needs two models. */
const FEWEST = 2;

/** How loss and win rate changed from version to version, run by run. */
export function HistoryChart({ models, currentName, onOpen }: HistoryChartProps) {
  const runs = useMemo(() => runsOf(models), [models]);
  const [chosenMeasure, setMeasure] = useState<Measure>();
  const [chosenRun, setRun] = useState<string>();
  const [pointed, setPointed] = useState<number>();
  const drawable = useMemo(
    () => ({ loss: drawableRuns(runs, 'loss'), winRate: drawableRuns(runs, 'winRate') }),
    [runs],
  );
  // Models whose losses were not recorded may still have win rates.
  const measure = chosenMeasure ?? (!drawable.loss.newest && drawable.winRate.newest ? 'winRate' : 'loss');
  const { shown: offered, newest } = drawable[measure];
  const run = offered.find(({ id }) => id === chosenRun) ?? newest;
  const comparing = chosenRun === ALL && offered.length > 1;
  const history = useMemo(
    () => (comparing ? comparisonOf(offered, measure) : run && historyOf(run, measure)),
    [comparing, offered, run, measure],
  );
  const point = pointed === undefined ? undefined : history?.points[pointed];
  const pointNowhere =
    <T,>(choose: (value: T) => void) =>
    (value: T) => {
      choose(value);
      setPointed(undefined);
    };
  return (
    <div>
      <div className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="flex-1 text-sm font-semibold">Training history</h2>
        {newest && offered.length > 1 && (
          <RunSelect runs={offered} value={comparing ? ALL : run?.id} onChange={pointNowhere(setRun)} />
        )}
        <SegmentedControl
          legend="What the chart shows"
          choices={CHOICES}
          value={measure}
          onChange={pointNowhere(setMeasure)}
        />
      </div>
      {newest && history ? (
        <>
          <Legend {...{ history, measure, currentName }} point={point} />
          <HistoryPlot {...{ history, measure, currentName, pointed, onOpen }} onPoint={setPointed} />
          <p className="sr-only">{summarize(history, measure)}</p>
          <p className="sr-only" aria-live="polite">
            {point && describe(point, history, measure)}
          </p>
        </>
      ) : (
        <TooFew measure={measure} />
      )}
    </div>
  );
}

/** The runs that have any value of a measure, and the newest that makes a line. */
function drawableRuns(runs: readonly Run[], measure: Measure): { shown: readonly Run[]; newest: Run | undefined } {
  const counted = runs.map((run) => ({ run, count: historyOf(run, measure).points.length }));
  return {
    shown: counted.flatMap(({ run, count }) => (count > 0 ? [run] : [])),
    newest: counted.find(({ count }) => count >= FEWEST)?.run,
  };
}

interface RunSelectProps {
  readonly runs: readonly Run[];
  readonly value: string | undefined;
  readonly onChange: (id: string) => void;
}

function RunSelect({ runs, value, onChange }: RunSelectProps) {
  return (
    <SelectField
      aria-label="Training run"
      className="w-44 max-sm:order-last max-sm:w-full"
      value={value}
      onChange={({ target }) => onChange(target.value)}
    >
      {runs.map(({ id, label }) => (
        <option key={id} value={id}>
          {label}
        </option>
      ))}
      <option value={ALL}>{runs.length > MOST_RUNS ? `Newest ${MOST_RUNS} runs` : 'All runs'}</option>
    </SelectField>
  );
}

interface LegendProps {
  readonly history: History;
  readonly measure: Measure;
  readonly currentName: string | undefined;
  readonly point: HistoryPoint | undefined;
}

const DOTS = {
  1: 'bg-series-1',
  2: 'bg-series-2',
  3: 'bg-series-3',
  4: 'bg-series-4',
  5: 'bg-series-5',
  6: 'bg-series-6',
} as const;

/** What the colours mean, with the values of the model that is pointed at, or else of the active or newest one. */
function Legend({ history, measure, currentName, point }: LegendProps) {
  const { lines, points } = history;
  const { format } = MEASURES[measure];
  const current = points.find(({ name }) => name === currentName);
  const shown = point ?? current ?? points.at(-1);
  const values = shown && valuesAt(history, shown);
  return (
    <dl className="mt-2 mb-1 flex min-h-6 flex-wrap items-center gap-x-4 gap-y-0.5 text-xs">
      {lines.map(({ label, series }, index) => {
        const value = values?.[index];
        return (
          <div key={series} className="flex min-w-0 items-center gap-1.5">
            <dt className="flex min-w-0 items-center gap-1.5 text-muted">
              <span className={clsx('h-0.5 w-3 shrink-0 rounded-full', DOTS[series])} aria-hidden="true" />
              <span className="max-w-40 truncate">{label}</span>
            </dt>
            <dd className="min-w-12 font-medium tabular-nums">
              {value === null || value === undefined ? '\u2013' : format(value)}
            </dd>
          </div>
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
        {`Its course is drawn here as soon as two models of a run have a version and ${MEASURES[measure].missing} in their metadata.`}
      </p>
    </div>
  );
}

/** What a screen reader says about a model. */
function describe({ name, version, values }: HistoryPoint, { lines }: History, measure: Measure): string {
  const { format } = MEASURES[measure];
  const parts = lines.flatMap(({ label }, index) => {
    const value = values[index];
    return value === null || value === undefined ? [] : [`${label} ${format(value)}`];
  });
  return `Version ${version}, ${name}: ${parts.join(', ')}.`;
}
