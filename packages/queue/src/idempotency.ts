import { createHash } from 'node:crypto';
import type { RedisClient, RedisKeys } from '@caissa/redis';
import { runTransaction } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';

/** How long a key is remembered. */
const IDEMPOTENCY_TTL_SECONDS = 24 * 3600;

/** A client's promise that two requests are one. */
export interface IdempotencyClaim {
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** Who sent it; keys of different callers do not meet. */
  readonly caller: string;
  /** What was asked for, in full: two requests of one key must agree in it. */
  readonly request: unknown;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Binds a key to a job id, or finds the id it is bound to.
 * @throws AppError IDEMPOTENCY_MISMATCH if the key came with another request before
 */
export async function claimJobId(
  redis: RedisClient,
  keys: RedisKeys,
  claim: IdempotencyClaim,
  jobId: string,
): Promise<string> {
  const key = keyOf(keys, claim);
  // Not `SET … NX GET`, which only Redis 7 has.
  const replies = await runTransaction(
    redis.multi().set(key, boundValue(claim, jobId), 'EX', IDEMPOTENCY_TTL_SECONDS, 'NX').get(key),
  );
  return boundJobId(claim, String(replies[1]));
}

/**
 * The id that a key is bound to, if it is.
 * @throws AppError IDEMPOTENCY_MISMATCH if the key came with another request before
 */
export async function findJobId(
  redis: RedisClient,
  keys: RedisKeys,
  claim: IdempotencyClaim,
): Promise<string | undefined> {
  const value = await redis.get(keyOf(keys, claim));
  return value === null ? undefined : boundJobId(claim, value);
}

/** Points a key at the job that really does the work, when an identical one was in flight already. */
export async function rebindJobId(
  redis: RedisClient,
  keys: RedisKeys,
  claim: IdempotencyClaim,
  jobId: string,
): Promise<void> {
  await redis.set(keyOf(keys, claim), boundValue(claim, jobId), 'EX', IDEMPOTENCY_TTL_SECONDS);
}

function keyOf(keys: RedisKeys, { caller, key }: IdempotencyClaim): string {
  return keys.idempotency(digest(`${caller}\n${key}`));
}

function boundValue({ request }: IdempotencyClaim, jobId: string): string {
  return `${digest(JSON.stringify(request))} ${jobId}`;
}

function boundJobId(claim: IdempotencyClaim, value: string): string {
  const jobId = value.slice(value.indexOf(' ') + 1);
  if (value === boundValue(claim, jobId)) return jobId;
  throw new AppError(
    'IDEMPOTENCY_MISMATCH',
    'This Idempotency-Key was sent before with another request. Use a new key for a new request.',
  );
}
