import clsx from 'clsx';
import type { ReactNode } from 'react';

interface KeyValuesProps {
  readonly rows: readonly (readonly [string, ReactNode])[];
}

/** A text longer than this stands under its name, where it has the whole width. */
const LONG_CHARACTERS = 100;

/** Names and what they stand for, one a line. */
export function KeyValues({ rows }: KeyValuesProps) {
  return (
    <dl className="divide-y divide-line text-sm">
      {rows.map(([name, value]) => {
        const long = typeof value === 'string' && value.length > LONG_CHARACTERS;
        return (
          <div key={name} className={clsx('py-1.5', !long && 'flex items-baseline justify-between gap-4')}>
            <dt className={clsx('text-muted wrap-anywhere', !long && 'max-w-1/2 shrink-0')}>{name}</dt>
            <dd className={clsx('min-w-0 tabular-nums wrap-anywhere', !long && 'text-right')}>{value}</dd>
          </div>
        );
      })}
    </dl>
  );
}
