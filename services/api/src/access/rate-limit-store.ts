import { createHash } from 'node:crypto';
import type { RedisClient } from '@caissa/redis';
import { withTimeout } from '@caissa/shared/process';
import { type RedisReply, RedisStore } from 'rate-limit-redis';

/** Longest time that counting may add to a request. */
const COUNT_TIMEOUT_MS = 250;

/** After Redis failed, requests pass uncounted for this long, so that only the first of them waits. */
const PAUSE_MS = 1_000;

/**
 * Counts requests in Redis, for all processes of the API together. While Redis is away it fails fast, and it needs no
 * Redis to be made: `rate-limit-redis` loads its scripts once, at the start, and would never recover from failing then.
 * So scripts are kept here and sent again to a Redis that does not know them.
 */
export function createRateLimitStore(redis: RedisClient, prefix: string): RedisStore {
  const scripts = new Map<string, string>();
  let pausedUntilMs = 0;
  const send = async (...command: string[]): Promise<RedisReply> => {
    if (redis.status !== 'ready' || performance.now() < pausedUntilMs) throw new Error('Redis is away');
    try {
      return await withTimeout(evaluate(redis, scripts, command), COUNT_TIMEOUT_MS);
    } catch (error) {
      pausedUntilMs = performance.now() + PAUSE_MS;
      throw error;
    }
  };
  return new RedisStore({
    prefix,
    sendCommand: async (...command) => {
      const [name, subcommand, script] = command;
      if (name !== 'SCRIPT' || subcommand !== 'LOAD' || script === undefined) return send(...command);
      const digest = createHash('sha1').update(script).digest('hex');
      scripts.set(digest, script);
      return digest;
    },
  });
}

async function evaluate(
  redis: RedisClient,
  scripts: ReadonlyMap<string, string>,
  command: string[],
): Promise<RedisReply> {
  const [name = '', digest = '', ...rest] = command;
  try {
    return (await redis.call(name, digest, ...rest)) as RedisReply;
  } catch (error) {
    const script = scripts.get(digest);
    if (script === undefined || !(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    return (await redis.call('EVAL', script, ...rest)) as RedisReply;
  }
}
