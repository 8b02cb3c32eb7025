import { AppError } from '@caissa/shared/errors';
import type { RequestHandler } from 'express';
import type { Limit } from './rate-limit.js';

/** A page that was refused asks again this late. */
const RETRY_AFTER_SECONDS = 10;

/** Limits how many event streams a client may hold open at a time, in this process; 0 is no limit. */
export function limitStreams(perClient: number, who: Limit['who']): RequestHandler {
  const open = new Map<string, number>();
  const change = (client: string, by: number) => {
    const count = (open.get(client) ?? 0) + by;
    if (count === 0) open.delete(client);
    else open.set(client, count);
  };
  return (request, response, next) => {
    const client = who(request, response);
    if (perClient !== 0 && (open.get(client) ?? 0) >= perClient) {
      const message = `${perClient} event streams are open with this key or from this address; close one first.`;
      next(new AppError('RATE_LIMITED', message, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
      return;
    }
    if (!response.closed) {
      change(client, 1);
      // All that has to do with a stream listens for its end.
      response.setMaxListeners(0).once('close', () => change(client, -1));
    }
    next();
  };
}
