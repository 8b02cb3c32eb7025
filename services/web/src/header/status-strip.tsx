import type { CurrentModel } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { currentQuery } from '../api/queries';
import { outageOf, type Serving, servingOf } from '../api/serving';
import { routeHref } from '../state/route';
import { Skeleton } from '../ui/progress';
import { CHIP_CLASS } from './chip';
import { DevicesButton } from './devices-button';

/** What is active, on how many replicas, on what kind of device: always in sight. */
export function StatusStrip() {
  const { data: current } = useQuery(currentQuery);
  if (current === undefined) return <StatusSkeleton />;
  return (
    <div className="flex min-w-0 items-center gap-2 text-xs">
      <ActiveModel current={current} />
      <DevicesButton current={current} />
    </div>
  );
}

/** A placeholder for {@link StatusStrip}. */
export function StatusSkeleton() {
  return <Skeleton className="h-6 w-32" />;
}

const DOTS: Readonly<Record<Serving, string>> = {
  inactive: 'bg-line-strong',
  down: 'bg-danger',
  partial: 'bg-warn',
  full: 'bg-accent',
};

function ActiveModel({ current }: { readonly current: CurrentModel }) {
  const dot = <span className={clsx('size-2 shrink-0 rounded-full', DOTS[servingOf(current)])} aria-hidden="true" />;
  if (!current.loaded || current.model_name === undefined) {
    return (
      <span className={clsx(CHIP_CLASS, 'border-line text-muted')}>
        {dot}
        <span className="max-sm:sr-only">No active model</span>
        <span className="sm:hidden" aria-hidden="true">
          None active
        </span>
      </span>
    );
  }
  const outage = outageOf(current);
  return (
    <a
      href={routeHref('models', { name: current.model_name })}
      title={`Active model: ${current.model_name}, generation ${current.generation}`}
      className={clsx(CHIP_CLASS, 'min-w-0 border-line hover:bg-sunken')}
    >
      {dot}
      <span className="sr-only">Active model: </span>
      <span className="max-w-32 truncate lg:max-w-48">{current.model_name}</span>
      {outage && <span className="sr-only">. {outage}</span>}
    </a>
  );
}
