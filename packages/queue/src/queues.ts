import { callRedis, type RedisClient } from '@caissa/redis';
import { JOB_TYPES, type JobDataByType, type JobResultByType, type JobType } from '@caissa/shared/contracts';
import { type JobsOptions, Queue, QueueEventsProducer } from 'bullmq';
import type { Tracing } from './tracing/tracing.js';

/** How often and how patiently a job is tried. Only faults that the error table calls retryable are tried again. */
export const RETRY_POLICY = { attempts: 5, backoff: { type: 'exponential', delay: 1_000 } } as const;

/** How long finished jobs and idempotency keys are kept. */
export const RETENTION_SECONDS = 7 * 24 * 3600;

/** How queues are opened. */
export interface QueueOptions {
  /** Finished jobs that are kept of each kind and outcome at most; without it only time removes them. */
  readonly keepJobs?: number;
  /** With it, jobs carry the trace on that they are part of. */
  readonly tracing?: Tracing | undefined;
}

/** One queue of each kind of work, and the means to add events of our own to its stream. */
export type Queues = {
  readonly [T in JobType]: {
    readonly queue: Queue<JobDataByType[T], JobResultByType[T]>;
    readonly events: QueueEventsProducer;
  };
};

/** Opens the queues for producing on a connection that fails fast. */
export function openQueues(redis: RedisClient, prefix: string, { keepJobs, tracing }: QueueOptions = {}): Queues {
  const retention = { age: RETENTION_SECONDS, ...(keepJobs === undefined ? {} : { count: keepJobs }) };
  const defaultJobOptions: JobsOptions = { ...RETRY_POLICY, removeOnComplete: retention, removeOnFail: retention };
  const open = (type: JobType) => {
    const options = { connection: redis, prefix, skipWaitingForReady: true, skipVersionCheck: true };
    const traced = tracing && { telemetry: tracing.telemetry };
    const queue = new Queue(type, { ...options, ...traced, defaultJobOptions });
    const events = new QueueEventsProducer(type, options);
    // Callers learn of a lost connection from their own commands.
    queue.on('error', () => undefined);
    events.on('error', () => undefined);
    return [type, { queue, events }] as const;
  };
  return Object.fromEntries(JOB_TYPES.map(open)) as unknown as Queues;
}

/** Lets one activation run at a time, however many loaders there are. */
export async function limitActivations(queues: Queues): Promise<void> {
  await callRedis(() => queues.load.queue.setGlobalConcurrency(1));
}

/** Closes what {@link openQueues} opened, not the connection. */
export async function closeQueues(queues: Queues): Promise<void> {
  await Promise.all(JOB_TYPES.flatMap((type) => [queues[type].queue.close(), queues[type].events.close()]));
}
