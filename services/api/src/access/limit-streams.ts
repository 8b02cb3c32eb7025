import { AppError } from '@caissa/shared/errors';
import type { RequestHandler, Response } from 'express';
import { type AccessKeys, keyHolder } from './key-ring.js';
import type { Limit } from './rate-limit.js';

/** A page that was refused asks again this late. */
const RETRY_AFTER_SECONDS = 10;

/** What event streams depend on. */
interface StreamLimit extends Pick<Limit, 'who'> {
  /** Most of one client; 0 is no limit. */
  readonly perClient: number;
  readonly keys: AccessKeys;
}

/** Limits how many event streams a client may hold open at a time, in this process, and ends those of keys that are revoked. */
export function limitStreams({ perClient, who, keys }: StreamLimit): RequestHandler {
  const open = new Map<string, Set<Response>>();
  const close = (client: string, response: Response) => {
    const streams = open.get(client);
    streams?.delete(response);
    if (streams?.size === 0) open.delete(client);
  };
  keys.onReplaced((names) => {
    for (const name of names) for (const response of open.get(keyHolder(name)) ?? []) response.destroy();
  });
  return (request, response, next) => {
    const client = who(request, response);
    if (perClient !== 0 && (open.get(client)?.size ?? 0) >= perClient) {
      const message = `${perClient} event streams are open with this key or from this address; close one first.`;
      next(new AppError('RATE_LIMITED', message, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
      return;
    }
    if (!response.closed) {
      open.set(client, (open.get(client) ?? new Set()).add(response));
      // All that has to do with a stream listens for its end.
      response.setMaxListeners(0).once('close', () => close(client, response));
    }
    next();
  };
}
