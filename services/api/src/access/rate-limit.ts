import { AppError } from '@caissa/shared/errors';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import type { ApiContext } from '../context.js';
import { createRateLimitStore } from './rate-limit-store.js';

const WINDOW_MS = 60_000;

/** Wrong keys that one address may present in a minute before it is only told to wait. */
export const WRONG_KEYS_PER_MINUTE = 30;

/** What a limiter counts, and for whom. */
interface Limit {
  /** Stands in the names of Redis keys and in the `RateLimit` headers. */
  readonly name: string;
  readonly perMinute: number;
  readonly who: (request: Request, response: Response) => string;
  readonly message: string;
}

/** The address of a client as a limiter counts it: a whole network of IPv6 (/56), because one client has many addresses. */
export function addressOf(request: Request): string {
  return `address:${ipKeyGenerator(request.ip ?? 'unknown')}`;
}

/** Limits what one client may ask for in a minute. No limit while Redis is away. */
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
 * Counts wrong keys by address. Beyond the limit the answer is 429. A right key always passes: behind a proxy all clients
 * have one address, and a single one with an old key would otherwise lock out everybody. Keys are too long to guess.
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
    // Proxies may add headers of theirs; that they are not believed is intended and needs no warning.
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
