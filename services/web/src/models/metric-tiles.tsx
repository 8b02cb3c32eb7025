import type { JsonObject } from '@caissa/formats';
import { METRICS, readMetric } from './metrics';

/** The training metrics of a model, one tile each. Those that were not noted down are left out. */
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
