import { useQuery, useQueryClient } from '@tanstack/react-query';
import { rememberPlace } from '../state/route';
import { tellFailure } from '../ui/toasts';
import { addressOf } from './address';
import { request } from './client';
import { type Session, sessionQuery } from './queries';

/** Who the visitor is; undefined until it is known. */
export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** Whether the visitor may change things. Until that is known nothing is offered that might be refused. */
export function useCanOperate(): boolean {
  return useSession()?.role === 'operator';
}

const SIGN_IN = addressOf('/sign-in?next=/');

/** Goes to the sign-in page, and afterwards back to the same place on this page. */
export function goToSignIn(): void {
  rememberPlace();
  location.assign(SIGN_IN);
}

/** Ends the session and drops everything that was fetched with it. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    try {
      await request('/api/session', { method: 'DELETE' });
    } catch (error) {
      tellFailure('You are still signed in', error);
      return;
    }
    client.clear();
    location.assign(SIGN_IN);
  };
}
