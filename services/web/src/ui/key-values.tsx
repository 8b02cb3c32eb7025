import type { ReactNode } from 'react';

interface KeyValuesProps {
  readonly rows: readonly (readonly [string, ReactNode])[];
}

/** Names and what they stand for, one a line. */
export function KeyValues({ rows }: KeyValuesProps) {
  return (
    <dl className="divide-y divide-line text-sm">
      {rows.map(([name, value]) => (
        <div key={name} className="flex items-baseline justify-between gap-4 py-1.5">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0 text-right tabular-nums wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
