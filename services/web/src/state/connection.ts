import { createStore } from './store';

/**
 * What is known of the API. `online` is where it begins. A request that is not answered makes it `offline`, one that is
 * answered with "the queue cannot be reached" makes it `degraded`; any other answer makes it `online` again.
 */
export type Connection = 'online' | 'degraded' | 'offline';

/** See {@link Connection}. */
export const connection = createStore<Connection>('online');

/** Statuses by which a proxy says that the API behind it is gone. */
const GATEWAY_STATUSES = new Set([502, 504]);

/** Notes that the API answered. `body` is the parsed answer, if it was JSON. */
export function noteAnswer(status: number, body: unknown): void {
  connection.set(judge(status, body));
}

/** Notes that a request was not answered. */
export function noteSilence(): void {
  connection.set('offline');
}

/** What an answer says about the API. */
export function judge(status: number, body: unknown): Connection {
  if (GATEWAY_STATUSES.has(status)) return 'offline';
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  // Without a body of ours, 503 comes from a proxy.
  if (status === 503 && code === undefined) return 'offline';
  return code === 'REDIS_UNAVAILABLE' ? 'degraded' : 'online';
}
