import { useQueryClient } from '@tanstack/react-query';
import { CloudOff, TriangleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { request } from '../api/client';
import { refreshAll } from '../api/queries';
import { connection, PROBE } from '../state/connection';
import { useStore } from '../state/store';
import { tell } from '../ui/toasts';
import { Banner } from './banner';

/** How often to check whether a silent API is back. */
const KNOCK_MS = 2_000;

/** Says when the API, or the queue behind it, is away, and brings everything up to date when it is back. */
export function ConnectionBanner() {
  const state = useStore(connection);
  useRecovery(state);
  if (state === 'online') return null;
  const offline = state === 'offline';
  return (
    <Banner icon={offline ? CloudOff : TriangleAlert} tone="warn">
      {offline
        ? 'Caissa does not answer. What you see is what was known last; this page comes back by itself.'
        : 'The job queue cannot be reached. New work has to wait; what was asked for already is not lost.'}
    </Banner>
  );
}

function useRecovery(state: 'online' | 'degraded' | 'offline'): void {
  const client = useQueryClient();
  const wasAway = useRef(false);
  useEffect(() => {
    if (state === 'online') {
      if (wasAway.current) {
        tell({ kind: 'success', title: 'The connection is back' });
        void refreshAll(client);
      }
      wasAway.current = false;
      return;
    }
    wasAway.current = true;
    const timer = setInterval(() => void request(PROBE).catch(() => undefined), KNOCK_MS);
    return () => clearInterval(timer);
  }, [state, client]);
}
