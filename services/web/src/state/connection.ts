import { createStore } from './store';

/**
 * What is known of the API. `online` is where it begins. A request that is not answered makes it `offline`, one that is
 * answered with "the queue cannot be reached" makes it `degraded`. Any other answer makes `offline` end, but `degraded`
 * only one to {@link PROBE}: some requests are answered without the queue, and would say that it is back.
 */
type Connection = 'online' | 'degraded' | 'offline';

/** See {@link Connection}. */
export const connection = createStore<Connection>('online');

/** Statuses by which a proxy says that the API behind it is gone. */
const GATEWAY_STATUSES = new Set([502, 504]);

/** A request that cannot be answered without the queue. */
export const PROBE = '/api/model/current';

/** Notes that the API answered a request to `path`. `body` is the parsed answer, if it was JSON. */
export function noteAnswer(path: string, status: number, body: unknown): void {
  const judged = judge(status, body);
  if (judged === 'online' && connection.get() === 'degraded' && path !== PROBE) return;
  connection.set(judged);
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

/** Whether what happens to jobs is told as it happens. While it is not, lists are asked for now and then. */
export const feedIsLive = createStore(false);
