import { formatMeasure, formatPercent, plural } from '../format/number';
import { readMetric } from '../models/metrics';
import type { Run, Versioned } from './runs';

/** What the chart can show. */
export type Measure = 'loss' | 'winRate';

/** A colour of the theme. */
type Series = 1 | 2 | 3 | 4 | 5 | 6;

/** A line of the chart. */
interface Line {
  readonly label: string;
  readonly series: Series;
}

/** A measure: the metadata that it is read from, and how its values are written. */
interface MeasureView {
  readonly label: string;
  /** One line each where a single run is shown; of several runs only the first is compared. */
  readonly keys: readonly (Line & { readonly key: string })[];
  readonly format: (value: number) => string;
  /** What the models lack when there is nothing to show. */
  readonly missing: string;
}

/** What is known of each measure. */
export const MEASURES: Readonly<Record<Measure, MeasureView>> = {
  loss: {
    label: 'Loss',
    keys: [
      { key: 'training_loss', label: 'Training loss', series: 1 },
      { key: 'policy_loss', label: 'Policy loss', series: 2 },
      { key: 'value_loss', label: 'Value loss', series: 3 },
    ],
    format: formatMeasure,
    missing: 'a loss (training_loss, policy_loss or value_loss)',
  },
  winRate: {
    label: 'Win rate',
    keys: [{ key: 'win_rate', label: 'Win rate', series: 1 }],
    format: formatPercent,
    missing: 'a win rate (win_rate, from 0 to 1)',
  },
};

/** A model of the chart. */
export interface HistoryPoint {
  readonly name: string;
  readonly version: number;
  /** Its place on the axis: its version; several models of one version stand side by side. */
  readonly x: number;
  /** One for each line; null where the model has none. */
  readonly values: readonly (number | null)[];
}

/** What is drawn: lines, and the models that they go through, from left to right. */
export interface History {
  readonly lines: readonly Line[];
  readonly points: readonly HistoryPoint[];
}

/** Runs that are told apart by their colours. */
export const MOST_RUNS = 6;

/** One run: a line for each of the measure's values that it has. */
export function historyOf(run: Run, measure: Measure): History {
  const { keys } = MEASURES[measure];
  const known = keys.filter(({ key }) => run.models.some(({ metadata }) => readMetric(metadata, key) !== undefined));
  return { lines: known, points: pointsOf(run, (model) => known.map(({ key }) => readMetric(model.metadata, key))) };
}

/** Several runs: a line for each, of the measure's first value. */
export function comparisonOf(runs: readonly Run[], measure: Measure): History {
  const [main] = MEASURES[measure].keys;
  const shown = runs.slice(0, MOST_RUNS);
  const points = shown.flatMap((run, line) =>
    pointsOf(run, (model) =>
      shown.map((_, at) => (at === line ? readMetric(model.metadata, main?.key ?? '') : undefined)),
    ),
  );
  return {
    lines: shown.map(({ label }, line) => ({ label, series: (line + 1) as Series })),
    points: points.sort((a, b) => a.x - b.x),
  };
}

/** The models of a run that have any value. */
function pointsOf({ models }: Run, read: (model: Versioned) => readonly (number | undefined)[]): HistoryPoint[] {
  const found = models.flatMap((model) => {
    const values = read(model).map((value) => value ?? null);
    return values.some((value) => value !== null) ? [{ name: model.name, version: model.version, values }] : [];
  });
  // They are in the order of their versions, so those of one version follow each other.
  const count = new Map<number, number>();
  for (const { version } of found) count.set(version, (count.get(version) ?? 0) + 1);
  let first = 0;
  return found.map((point, at) => {
    if (found[first]?.version !== point.version) first = at;
    return { ...point, x: point.version + (at - first) / (count.get(point.version) ?? 1) };
  });
}

/**
 * What each line has where a model is pointed at. Of several runs it is the one model of its line, so the others have
 * the values of their models of the same version.
 */
export function valuesAt({ lines, points }: History, { values, version }: HistoryPoint): readonly (number | null)[] {
  const others = points.filter((point) => point.version === version);
  return lines.map(
    (_, line) => values[line] ?? others.find((point) => point.values[line] !== null)?.values[line] ?? null,
  );
}

/** One sentence on how each line of a measure changed, for those who do not see the chart. */
export function summarize({ lines, points }: History, measure: Measure): string {
  const { format, label } = MEASURES[measure];
  const ways = lines.flatMap((line, index) => {
    const known = points.flatMap(({ version, values }) => {
      const value = values[index];
      return value === null || value === undefined ? [] : [{ version, value }];
    });
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined || known.length < 2) return [];
    return [
      `${line.label} from ${format(first.value)} at version ${first.version} to ${format(last.value)} at version ${last.version}`,
    ];
  });
  return [`${label} of ${plural(points.length, 'model')}`, ways.join('; ')]
    .filter(Boolean)
    .map((part) => `${part}.`)
    .join(' ');
}
