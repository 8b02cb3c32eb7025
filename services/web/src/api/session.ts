import { useQuery, useQueryClient } from '@tanstack/react-query';
import { request } from './client';
import { sessionQuery } from './queries';

/** Answer of `/api/session`: who the visitor is. */
export interface Session {
  readonly authenticated: boolean;
  /** Whether the API asks for access keys at all. */
  readonly required: boolean;
  readonly name: string | null;
  readonly role: 'viewer' | 'operator' | null;
}

/** Who the visitor is, as far as it is known yet. */
export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** Whether the visitor may change things. Until that is known nothing is offered that might be refused. */
export function useCanOperate(): boolean {
  return useSession()?.role === 'operator';
}

/** Goes to the page where one signs in, and comes back afterwards. */
export function goToSignIn(): void {
  location.assign('/sign-in?next=/');
}

/** Ends the session and everything that is known through it. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await request('/api/session', { method: 'DELETE' });
    client.clear();
    goToSignIn();
  };
}
