import type { RedisClient } from '@caissa/redis';
import type { Journal } from './journal.js';
import type { Replica } from './replica.js';

/** A message may be lost while a connection is down, and a failed attempt is to be repeated: so also look this often. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * Makes a replica follow the active pointer, and its journal the loss of Redis: now, with every message of the channel,
 * whenever Redis is back, and every second.
 * @param subscriber a connection of its own, which waits while Redis is away
 * @returns how to stop
 */
export function followPointer(
  replica: Replica,
  { journal, redis }: { readonly journal: Pick<Journal, 'tend'>; readonly redis: RedisClient },
  subscriber: RedisClient,
  channel: string,
): () => void {
  // The journal asks where the pointer stands.
  const look = () => void replica.follow().then(() => journal.tend());
  subscriber.on('message', look);
  subscriber.subscribe(channel).catch(() => undefined);
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  redis.on('ready', look);
  look();
  return () => {
    clearInterval(timer);
    redis.off('ready', look);
    subscriber.off('message', look);
  };
}
