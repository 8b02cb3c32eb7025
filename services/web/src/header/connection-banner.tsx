import { useQueryClient } from '@tanstack/react-query';
import { CloudOff } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { request } from '../api/client';
import { refreshAll } from '../api/queries';
import { connection, PROBE } from '../state/connection';
import { useStore } from '../state/store';
import { tell } from '../ui/toasts';
import { Banner } from './banner';

/** How often to check whether a silent API is back. */
const KNOCK_MS = 2_000;

/** Says when the API is away. Brings everything up to date when it, or the queue behind it, is back. */
export function ConnectionBanner() {
  const state = useStore(connection);
  useRecovery(state);
  if (state !== 'offline') return null;
  return (
    <Banner icon={CloudOff} tone="warn" isOutage>
      Caissa does not answer. What you see is what was known last; this page comes back by itself.
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
