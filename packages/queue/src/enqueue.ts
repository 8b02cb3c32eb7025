import { createHash } from 'node:crypto';
import type { RedisKeys } from '@caissa/redis';
import { callRedis, type RedisClient } from '@caissa/redis';
import { announceTurn, takeTurn } from '@caissa/registry';
import type { JobDataByType, JobType } from '@caissa/shared/contracts';
import type { Job, JobsOptions } from 'bullmq';
import { forgottenWork } from './absent-jobs.js';
import {
  type BoundJob,
  begunValue,
  claimJobId,
  findBoundJob,
  type IdempotencyClaim,
  idempotencyKeyOf,
} from './idempotency.js';
import type { QueuedJob } from './job-view.js';
import { newJobId } from './job-view.js';
import { type Queues, RETENTION_SECONDS } from './queues.js';

/** What a producer of jobs needs. */
export interface JobsContext {
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly queues: Queues;
}

/** Payload fields that do not change what is done, and so do not tell two requests apart. */
const INCIDENTAL = new Set(['requested_by', 'request_id', 'cancel_requested_at', 'sequence']);

/**
 * Puts work into its queue. Work that is in flight already is joined, not doubled, and one idempotency key gives one job.
 * Activations are numbered in the order of the calls, and one is only joined if nothing else was asked for since: of load
 * A, load B, load A the last one wins.
 * @throws AppError REDIS_UNAVAILABLE, IDEMPOTENCY_MISMATCH, JOB_FORGOTTEN if the job of the key is not kept any more
 */
export function enqueue<T extends JobType>(
  context: JobsContext,
  type: T,
  data: JobDataByType[T],
  idempotency?: IdempotencyClaim,
): Promise<{ job: QueuedJob; joined: boolean }> {
  return callRedis(async () => {
    const { redis, keys } = context;
    const wanted = newJobId(type);
    const bound: BoundJob = idempotency
      ? await claimJobId(redis, keys, idempotency, wanted)
      : { jobId: wanted, begun: false };
    const queue = context.queues[type].queue as unknown as {
      add(name: string, data: JobDataByType[T], options: JobsOptions): Promise<Job>;
      getJob(id: string): Promise<Job | undefined>;
    };
    const known = bound.jobId === wanted ? undefined : await queue.getJob(bound.jobId);
    // A claim without a job whose maker ended before it had added it is carried on.
    if (known === undefined && bound.begun) throw forgottenWork(type, bound.jobId);
    const job = known ?? (await add(context, queue, type, bound.jobId, data));
    const id = job.id ?? bound.jobId;
    // Also for a job that is there already: whoever added it may have ended before it was listed.
    await index(context, id, job.timestamp, idempotency);
    return { job: job as QueuedJob, joined: id !== wanted };
  });
}

/**
 * The job that a request with this key became before, if it did.
 * @throws AppError REDIS_UNAVAILABLE, IDEMPOTENCY_MISMATCH, JOB_FORGOTTEN if that job is not kept any more
 */
export function findClaimedJob(
  { redis, keys, queues }: JobsContext,
  type: JobType,
  claim: IdempotencyClaim,
): Promise<QueuedJob | undefined> {
  return callRedis(async () => {
    const bound = await findBoundJob(redis, keys, claim);
    if (bound === undefined) return undefined;
    const job = (await queues[type].queue.getJob(bound.jobId)) as QueuedJob | undefined;
    if (job === undefined && bound.begun) throw forgottenWork(type, bound.jobId);
    return job;
  });
}

async function add<T extends JobType>(
  { redis, keys }: JobsContext,
  queue: { add(name: string, data: JobDataByType[T], options: JobsOptions): Promise<Job> },
  type: T,
  jobId: string,
  data: JobDataByType[T],
): Promise<Job> {
  const print = fingerprint(type, data);
  if (type !== 'load') return queue.add(type, data, { jobId, deduplication: { id: print } });
  const { sequence, run } = await takeTurn(redis, keys, print);
  const job = await queue.add(type, { ...data, sequence }, { jobId, deduplication: { id: `${print}-${run}` } });
  // Only now: a request that never came into its queue must not stand in the way of those before it.
  if (job.id === jobId) await announceTurn(redis, keys, jobId, sequence);
  return job;
}

/** Two payloads have the same fingerprint if doing one does the other. */
function fingerprint<T extends JobType>(type: T, data: JobDataByType[T]): string {
  const essential = Object.entries(data).filter(([name]) => !INCIDENTAL.has(name));
  return createHash('sha256')
    .update(JSON.stringify([type, sortKeys(Object.fromEntries(essential))]))
    .digest('base64url');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, inner]) => [key, sortKeys(inner)]);
  // Wrapped, because a list of pairs is a value of its own.
  return { pairs };
}

/**
 * Lists a job, unless it is listed, and notes with its idempotency key that it has been in its queue. One script, because
 * a transaction of ioredis costs as much processor time as the whole of the rest beside BullMQ's many scripts.
 * KEYS: sorted set of jobs, idempotency key if there is one. ARGV: time, job id, value of the key, its time to live.
 */
const INDEX = `
redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[4]) end
`;

async function index(
  { redis, keys }: JobsContext,
  jobId: string,
  timestampMs: number,
  claim: IdempotencyClaim | undefined,
): Promise<void> {
  const names = [keys.jobsByDate, ...(claim ? [idempotencyKeyOf(keys, claim)] : [])];
  const values = claim ? [begunValue(claim, jobId), RETENTION_SECONDS] : [];
  await redis.eval(INDEX, names.length, ...names, timestampMs, jobId, ...values);
}
