import clsx from 'clsx';
import { feedIsLive } from '../state/feed';
import { useStore } from '../state/store';

/** Says whether what is shown follows what happens at once or is asked for now and then. */
export function LiveMark() {
  const isLive = useStore(feedIsLive);
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span
        aria-hidden="true"
        className={clsx('size-2 rounded-full', isLive ? 'bg-accent' : 'border border-line-strong')}
      />
      {isLive ? 'Live' : 'Updating every few seconds'}
    </span>
  );
}
