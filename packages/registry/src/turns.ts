import type { RedisKeys } from '@caissa/redis';
import { callRedis, type RedisClient, runTransaction } from '@caissa/redis';

/** Requests that are kept in the list of those that wait; only the last of them is ever served. */
const WAITING_LIMIT = 1_000;

/** A place in the order of requested activations. */
export interface Turn {
  /** Grows with each request, also over a loss of Redis, since it is never behind the clock of Redis in milliseconds. */
  readonly sequence: number;
  /**
   * The turn since which nothing else was asked for. Requests of one run may be joined; a request that comes after
   * another one is new work, though the same was asked for before.
   */
  readonly run: number;
}

/**
 * KEYS: hash of turns. ARGV: what is asked for.
 * Returns sequence and run.
 */
const TAKE = `
local held = redis.call('HMGET', KEYS[1], 'sequence', 'wish', 'run')
local now = redis.call('TIME')
local sequence = math.max(tonumber(held[1] or '0') + 1, now[1] * 1000 + math.floor(now[2] / 1000))
local order = string.format('%.0f', sequence)
local run = held[3]
if held[2] ~= ARGV[1] or not run then run = order end
redis.call('HSET', KEYS[1], 'sequence', order, 'wish', ARGV[1], 'run', run)
return {order, run}
`;

/** Takes the next place in the order of requested activations. @param wish equal for requests that ask for the same */
export async function takeTurn(redis: RedisClient, keys: RedisKeys, wish: string): Promise<Turn> {
  const reply = await redis.eval(TAKE, 1, keys.activationTurns, wish);
  const [sequence, run] = Array.isArray(reply) ? reply.map(Number) : [];
  return { sequence: sequence ?? 0, run: run ?? 0 };
}

/** Lets everybody know that an activation is requested and not over. */
export async function announceTurn(
  redis: RedisClient,
  keys: RedisKeys,
  jobId: string,
  sequence: number,
): Promise<void> {
  await runTransaction(
    redis
      .multi()
      .zadd(keys.activationsWaiting, sequence, jobId)
      .zremrangebyrank(keys.activationsWaiting, 0, -WAITING_LIMIT - 1),
  );
}

/** Takes a request that is over, or not wanted any more, off the list. */
export async function endTurn(redis: RedisClient, keys: RedisKeys, jobId: string): Promise<void> {
  await callRedis(() => redis.zrem(keys.activationsWaiting, jobId));
}

/** Whether an activation that was requested after this one waits or runs. */
export function isOvertaken(redis: RedisClient, keys: RedisKeys, sequence: number): Promise<boolean> {
  return callRedis(async () => {
    const later = await redis.zrangebyscore(keys.activationsWaiting, `(${sequence}`, '+inf', 'LIMIT', 0, 1);
    return later.length > 0;
  });
}
