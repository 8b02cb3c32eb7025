import { useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import { RefreshCw } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { refreshAll, shownSinceMs } from '../api/queries';
import { formatAgo } from '../format/date';
import { IconButton } from '../ui/button';
import { useShortcut } from '../ui/hooks';

/** A refresh over a fast network would be over before anybody saw it. */
const LEAST_SHOWN_MS = 600;

/** How long it is said afterwards how old the data is, also without a pointer over the button. */
const TOLD_MS = 2_500;

/** Fetches everything that is shown anew, also with the key R, and says how old it is. */
export function RefreshButton() {
  const { state, age, lookAtAge, refresh } = useRefresh();
  useShortcut('r', refresh);
  const fetching = state === 'fetching';
  return (
    <div className="group relative shrink-0">
      <IconButton
        label="Refresh"
        title=""
        aria-keyshortcuts="R"
        aria-busy={fetching || undefined}
        className="peer"
        onClick={refresh}
        onPointerEnter={lookAtAge}
        onFocus={lookAtAge}
      >
        <RefreshCw aria-hidden="true" className={clsx(fetching && 'animate-spin motion-reduce:animate-pulse')} />
      </IconButton>
      <p
        role="status"
        className={clsx(
          'pointer-events-none absolute top-full right-0 mt-1.5 rounded-lg border border-line bg-surface px-2.5 py-1.5 text-xs whitespace-nowrap shadow-card',
          state === 'idle' && 'opacity-0 group-hover:opacity-100 peer-focus-visible:opacity-100',
        )}
      >
        {fetching ? 'Refreshing' : age}
        <kbd className="ml-2 font-sans text-muted max-sm:hidden">R</kbd>
      </p>
    </div>
  );
}

interface Refresh {
  readonly state: 'idle' | 'fetching' | 'told';
  /** How old the data was when somebody last asked, in words. */
  readonly age: string;
  readonly lookAtAge: () => void;
  readonly refresh: () => void;
}

function useRefresh(): Refresh {
  const client = useQueryClient();
  const [state, setState] = useState<Refresh['state']>('idle');
  const [age, setAge] = useState('');
  const running = useRef(false);
  const lookAtAge = useCallback(() => {
    const since = shownSinceMs(client);
    const words = since === undefined ? 'Not loaded yet' : formatAgo(new Date(since).toISOString(), Date.now());
    setAge(since === undefined ? words : `Updated ${words}`);
  }, [client]);
  const refresh = useCallback(() => {
    if (running.current) return;
    running.current = true;
    setState('fetching');
    const seen = new Promise((resolve) => setTimeout(resolve, LEAST_SHOWN_MS));
    void Promise.all([refreshAll(client), seen]).then(() => {
      running.current = false;
      lookAtAge();
      setState('told');
    });
  }, [client, lookAtAge]);
  useEffect(() => {
    if (state !== 'told') return;
    const timer = setTimeout(() => setState('idle'), TOLD_MS);
    return () => clearTimeout(timer);
  }, [state]);
  return { state, age, lookAtAge, refresh };
}
