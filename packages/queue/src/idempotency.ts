import { createHash } from 'node:crypto';
import type { RedisClient, RedisKeys } from '@caissa/redis';
import { runTransaction } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import { RETENTION_SECONDS } from './queues.js';

/** A client's promise that two requests are one. */
export interface IdempotencyClaim {
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** Who sent it; keys of different callers do not meet. */
  readonly caller: string;
  /** What was asked for, in full: two requests of one key must agree in it. */
  readonly request: unknown;
}

/** The job that a key stands for. */
export interface BoundJob {
  readonly jobId: string;
  /** Whether it has been in its queue: if it is not there any more, it is over. */
  readonly begun: boolean;
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

const BEGUN = 'begun';

/**
 * Binds a key to a job id, or finds the job it is bound to.
 * @throws AppError IDEMPOTENCY_MISMATCH if the key came with another request before
 */
export async function claimJobId(
  redis: RedisClient,
  keys: RedisKeys,
  claim: IdempotencyClaim,
  jobId: string,
): Promise<BoundJob> {
  const key = idempotencyKeyOf(keys, claim);
  const value = `${digestRequest(claim)} ${jobId}`;
  // Not `SET … NX GET`, which only Redis 7 has.
  const replies = await runTransaction(redis.multi().set(key, value, 'EX', RETENTION_SECONDS, 'NX').get(key));
  return parseBound(claim, String(replies[1]));
}

/**
 * The job that a key is bound to, if it is.
 * @throws AppError IDEMPOTENCY_MISMATCH if the key came with another request before
 */
export async function findBoundJob(
  redis: RedisClient,
  keys: RedisKeys,
  claim: IdempotencyClaim,
): Promise<BoundJob | undefined> {
  const value = await redis.get(idempotencyKeyOf(keys, claim));
  return value === null ? undefined : parseBound(claim, value);
}

/** Where a key is kept. */
export function idempotencyKeyOf(keys: RedisKeys, { caller, key }: IdempotencyClaim): string {
  return keys.idempotency(digest(`${caller}\n${key}`));
}

/** What is kept of a key whose job has been in its queue. */
export function begunValue(claim: IdempotencyClaim, jobId: string): string {
  return `${digestRequest(claim)} ${jobId} ${BEGUN}`;
}

function digestRequest({ request }: IdempotencyClaim): string {
  return digest(JSON.stringify(request));
}

function parseBound(claim: IdempotencyClaim, value: string): BoundJob {
  const [request, jobId = '', state] = value.split(' ');
  if (request === digestRequest(claim)) return { jobId, begun: state === BEGUN };
  throw new AppError(
    'IDEMPOTENCY_MISMATCH',
    'This Idempotency-Key was sent before with another request. Use a new key for a new request.',
  );
}
