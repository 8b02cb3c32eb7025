import clsx from 'clsx';
import { formatValue } from './compare-evaluations';

interface ValueBarProps {
  /** -1 to 1; undefined while it is not known. */
  readonly value: number | undefined;
  readonly series: 1 | 2;
  /** Whose value it is. */
  readonly model: string;
}

const FILLS = { 1: 'bg-series-1', 2: 'bg-series-2' } as const;

/** A network's value as a bar that grows from the middle: up for positive values, down for negative ones. */
export function ValueBar({ value, series, model }: ValueBarProps) {
  const share = Math.min(1, Math.abs(value ?? 0)) * 50;
  const known = value !== undefined;
  return (
    <div
      title={known ? `Value of ${model}: ${formatValue(value)}, of \u22121 to +1` : undefined}
      className="relative h-full w-2.5 overflow-hidden rounded-full bg-sunken inset-ring inset-ring-line sm:w-3.5"
    >
      {known && (
        <meter className="sr-only" aria-label={`Value of ${model}`} min={-1} max={1} value={value}>
          {formatValue(value)}
        </meter>
      )}
      <div
        className={clsx('absolute inset-x-0 transition-[height] duration-200', FILLS[series])}
        style={{ height: `${share}%`, [(value ?? 0) >= 0 ? 'bottom' : 'top']: '50%' }}
      />
      <div className="absolute inset-x-0 top-1/2 h-0.5 -translate-y-1/2 bg-line-strong" />
    </div>
  );
}
