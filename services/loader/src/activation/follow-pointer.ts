import type { RedisClient } from '@caissa/redis';
import type { Journal } from './journal.js';
import type { Replica } from './replica.js';

/** What following goes along with. */
interface FollowContext {
  readonly journal: Pick<Journal, 'tend'>;
  readonly redis: RedisClient;
  /** Tells everybody at once what is served here from now on. */
  beat(): Promise<void>;
}

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
  { journal, redis, beat }: FollowContext,
  subscriber: RedisClient,
  channel: string,
): () => void {
  let stopped = false;
  let { generation: told } = replica.status;
  const follow = async () => {
    await replica.follow();
    const { generation } = replica.status;
    // One that has taken itself off the list must not report itself again.
    if (generation !== told && !stopped) void beat();
    told = generation;
    // The journal asks where the pointer stands.
    await journal.tend();
  };
  const look = () => void follow();
  subscriber.on('message', look);
  subscriber.subscribe(channel).catch(() => undefined);
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  redis.on('ready', look);
  look();
  return () => {
    stopped = true;
    clearInterval(timer);
    redis.off('ready', look);
    subscriber.off('message', look);
  };
}
