import { createHash } from 'node:crypto';
import type { RedisClient } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import { withTimeout } from '@caissa/shared/process';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import type { ApiContext } from '../context.js';
import { clientAddress } from '../http/trusted-proxies.js';

const WINDOW_MS = 60_000;

/** Wrong keys that one address may present in a minute before it gets 429. */
export const WRONG_KEYS_PER_MINUTE = 30;

/** What a limiter counts, and for whom. */
export interface Limit {
  /** Part of the names of Redis keys and of the `RateLimit` headers. */
  readonly name: string;
  readonly perMinute: number;
  readonly who: (request: Request, response: Response) => string;
  readonly message: string;
}

/**
 * The address of a client as a limiter counts it: for IPv6 a whole /56 network, because one client has many addresses.
 */
export function addressOf(request: Request): string {
  return `address:${ipKeyGenerator(clientAddress(request))}`;
}

/** Limits how many requests a client may send in a minute. No limit while Redis is down. */
export function limitRequests(
  context: Pick<ApiContext, 'settings' | 'logger' | 'jobs'>,
  who: Limit['who'],
): RequestHandler {
  const perMinute = context.settings.RATE_LIMIT_PER_MINUTE;
  if (perMinute === 0) return (_request, _response, next) => next();
  return createLimiter(context, {
    name: 'requests',
    perMinute,
    who,
    message: `More than ${perMinute} requests a minute were sent; wait a moment.`,
  });
}

/**
 * Counts wrong keys by address. Beyond the limit the response is 429. A right key always passes: behind a proxy that is
 * not trusted all clients have one address, and a single one with an old key would otherwise lock out everybody. Keys are too long to
 * guess.
 */
export function limitWrongKeys(context: Pick<ApiContext, 'logger' | 'jobs'>): RequestHandler {
  return createLimiter(context, {
    name: 'wrong-keys',
    perMinute: WRONG_KEYS_PER_MINUTE,
    who: addressOf,
    message: 'Too many wrong access keys came from this address; wait a minute.',
  });
}

function createLimiter({ logger, jobs }: Pick<ApiContext, 'logger' | 'jobs'>, limit: Limit): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: limit.perMinute,
    identifier: limit.name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: limit.who,
    store: createRateLimitStore(jobs.redis, `${jobs.keys.prefix}:rate:${limit.name}:`),
    passOnStoreError: true,
    // Proxies may add these headers; who is not trusted with them is not believed, which needs no warning.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    handler: (_request, response, next) => {
      const seconds = Number(response.getHeader('Retry-After')) || WINDOW_MS / 1000;
      next(new AppError('RATE_LIMITED', limit.message, { retryAfterSeconds: seconds }));
    },
    logger: {
      error: (error, message) => logger.debug({ err: error }, message),
      warn: (error, message) => logger.warn({ err: error }, message),
    },
  });
}

/** Longest time that counting may add to a request. */
const COUNT_TIMEOUT_MS = 250;

/** After Redis failed, requests pass uncounted for this long, so that only the first of them waits. */
const PAUSE_MS = 1_000;

/**
 * Counts requests in Redis, for all processes of the API together. It fails fast while Redis is down, and it can be
 * created without Redis: `rate-limit-redis` loads its scripts once, at the start, and would never recover from a
 * failure then. So the scripts are kept here and sent again to a Redis that does not know them.
 */
function createRateLimitStore(redis: RedisClient, prefix: string): RedisStore {
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
