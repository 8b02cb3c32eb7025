import type { ModelSummary } from '@caissa/shared/contracts';
import { formatMeasure, formatPercent } from '../format/number';
import { readMetric } from '../models/metrics';

/** What the chart can show. */
export type Measure = 'loss' | 'winRate';

/** A line of the chart. */
interface Line {
  /** Key of its values in the metadata. */
  readonly key: string;
  readonly label: string;
  readonly series: 1 | 2 | 3;
}

/** A measure: its lines, and how its values are written. */
interface MeasureView {
  readonly label: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** What the models lack when there is nothing to show. */
  readonly missing: string;
}

/** What is known of each measure. */
export const MEASURES: Readonly<Record<Measure, MeasureView>> = {
  loss: {
    label: 'Loss',
    lines: [
      { key: 'training_loss', label: 'Training loss', series: 1 },
      { key: 'policy_loss', label: 'Policy loss', series: 2 },
      { key: 'value_loss', label: 'Value loss', series: 3 },
    ],
    format: formatMeasure,
    missing: 'a loss (training_loss, policy_loss or value_loss)',
  },
  winRate: {
    label: 'Win rate',
    lines: [{ key: 'win_rate', label: 'Win rate', series: 1 }],
    format: formatPercent,
    missing: 'a win rate (win_rate, from 0 to 1)',
  },
};

/** A model of the chart. */
export interface HistoryPoint {
  readonly name: string;
  readonly version: number;
  /** One for each line; null where the model has none. */
  readonly values: readonly (number | null)[];
}

/** The models that have a number for a version and any value of a measure, oldest version first. */
export function historyOf(models: readonly ModelSummary[], measure: Measure): HistoryPoint[] {
  const { lines } = MEASURES[measure];
  return models
    .flatMap(({ name, version, metadata }) => {
      if (typeof version !== 'number') return [];
      const values = lines.map(({ key }) => readMetric(metadata, key) ?? null);
      return values.some((value) => value !== null) ? [{ name, version, values }] : [];
    })
    .sort((a, b) => a.version - b.version || a.name.localeCompare(b.name));
}

/** The lines that have any value. */
export function linesOf(history: readonly HistoryPoint[], measure: Measure): number[] {
  return MEASURES[measure].lines.flatMap((_, line) =>
    history.some(({ values }) => values[line] !== null) ? [line] : [],
  );
}

/** One sentence on how each line of a measure changed, for those who do not see the chart. */
export function summarize(history: readonly HistoryPoint[], measure: Measure): string {
  const { lines, format, label } = MEASURES[measure];
  const ways = lines.flatMap((line, index) => {
    const known = history.flatMap(({ version, values }) => {
      const value = values[index];
      return value === null || value === undefined ? [] : [{ version, value }];
    });
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined || known.length < 2) return [];
    return [
      `${line.label} from ${format(first.value)} at version ${first.version} to ${format(last.value)} at version ${last.version}`,
    ];
  });
  return `${label} of ${history.length} models. ${ways.join('; ')}.`;
}
