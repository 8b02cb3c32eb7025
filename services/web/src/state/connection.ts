import { createStore } from './store';

/**
 * What is known of the API, at first `online`. A request without a reply makes it `offline`, and a reply that the queue
 * cannot be reached makes it `degraded`. Any other reply ends `offline`, but only one to {@link PROBE} ends `degraded`:
 * some requests succeed without the queue and would suggest that it is back.
 */
type Connection = 'online' | 'degraded' | 'offline';

/** The present state of the connection. */
export const connection = createStore<Connection>('online');

/** Statuses by which a proxy says that the API behind it is gone. */
const GATEWAY_STATUSES = new Set([502, 504]);

/** A request that needs the queue. */
export const PROBE = '/api/model/current';

/** Notes that the API replied to a request for `path`. `body` is the parsed body, if it was JSON. */
export function noteAnswer(path: string, status: number, body: unknown): void {
  const judged = judge(status, body);
  if (judged === 'online' && connection.get() === 'degraded' && path !== PROBE) return;
  connection.set(judged);
}

/** Notes that a request got no reply. */
export function noteSilence(): void {
  connection.set('offline');
}

/** What a reply says about the API. */
export function judge(status: number, body: unknown): Connection {
  if (GATEWAY_STATUSES.has(status)) return 'offline';
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  // Without a body of ours, 503 comes from a proxy.
  if (status === 503 && code === undefined) return 'offline';
  return code === 'REDIS_UNAVAILABLE' ? 'degraded' : 'online';
}

/** Whether the job feed is connected. While it is not, lists are polled. */
export const feedIsLive = createStore(false);
