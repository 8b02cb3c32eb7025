import { randomBytes } from 'node:crypto';
import { callRedis, type RedisClient } from './connect.js';
import type { RedisKeys } from './keys.js';

/** Header by which services of one system prove to each other that they belong to it. */
export const INTERNAL_TOKEN_HEADER = 'x-caissa-internal';

/** The secret that the services under one prefix share; whoever asks first makes it. @throws AppError REDIS_UNAVAILABLE */
export function readInternalToken(redis: RedisClient, keys: RedisKeys): Promise<string> {
  return callRedis(async () => {
    await redis.set(keys.internalToken, randomBytes(32).toString('base64url'), 'NX');
    return (await redis.get(keys.internalToken)) ?? '';
  });
}
