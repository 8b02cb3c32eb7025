import type { JsonObject } from '@caissa/formats';
import { formatAmount, formatMeasure, formatPercent, formatShort } from '../format/number';

/** What a training run may have recorded about a model, and how it is shown. */
interface Metric {
  readonly key: string;
  readonly label: string;
  readonly format: (value: number) => string;
}

/** The metrics that the page knows, in the order in which they are shown. Source: the training program's metadata. */
export const METRICS: readonly Metric[] = [
  { key: 'win_rate', label: 'Win rate', format: formatPercent },
  { key: 'training_loss', label: 'Training loss', format: formatMeasure },
  { key: 'policy_loss', label: 'Policy loss', format: formatMeasure },
  { key: 'value_loss', label: 'Value loss', format: formatMeasure },
  { key: 'num_games', label: 'Games', format: formatAmount },
  { key: 'num_epochs', label: 'Epochs', format: formatAmount },
  {
    key: 'num_positions',
    label: 'Positions',
    format: (value) => (value < 1e6 ? formatAmount(value) : formatShort(value)),
  },
  { key: 'learning_rate', label: 'Learning rate', format: formatMeasure },
];

const KEYS = new Set(METRICS.map(({ key }) => key));

/** A number that the metadata holds under a key. Metadata is anybody's JSON: what is not a number counts as missing. */
export function readMetric(metadata: JsonObject, key: string): number | undefined {
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  // Some training programs write it in percent; no share is greater than 1.
  return key === 'win_rate' && value > 1 ? value / 100 : value;
}

/** What the metadata says besides the known metrics, as text. */
export function otherMetadata(metadata: JsonObject): [string, string][] {
  return Object.entries(metadata)
    .filter(([key]) => !KEYS.has(key) || readMetric(metadata, key) === undefined)
    .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]);
}

/** The training metrics of a model, one tile each. Those that were not recorded are left out. */
export function MetricTiles({ metadata }: { readonly metadata: JsonObject }) {
  const known = METRICS.flatMap(({ key, label, format }) => {
    const value = readMetric(metadata, key);
    return value === undefined ? [] : [{ key, label, text: format(value) }];
  });
  if (known.length === 0) return <p className="text-sm text-muted">This model says nothing of its training.</p>;
  return (
    <dl className="grid grid-cols-2 gap-x-4 gap-y-3 min-[26rem]:grid-cols-4">
      {known.map(({ key, label, text }) => (
        <div key={key} className="flex flex-col-reverse">
          <dt className="text-xs text-muted">{label}</dt>
          <dd className="truncate text-base font-semibold tabular-nums">{text}</dd>
        </div>
      ))}
    </dl>
  );
}
