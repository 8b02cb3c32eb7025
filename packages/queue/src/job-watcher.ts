import { setTimeout as delay } from 'node:timers/promises';
import { callRedis, type RedisClient } from '@caissa/redis';
import type { JobView } from '@caissa/shared/contracts';
import { JOB_TYPES, type JobProgress, type JobType, jobProgressSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { QueueEvents, type QueueEventsListener, type QueueEventsOptions } from 'bullmq';
import type { JobsContext } from './enqueue.js';
import { parseFailedReason } from './failed-jobs.js';
import { type JobChange, JobFeed } from './job-feed.js';
import { isFinal, jobTypeOf } from './job-view.js';
import { showJob } from './jobs.js';

/** Something that happened to a job. `id` is its place in the stream of its queue. */
export type JobEvent =
  | { readonly id: string; readonly kind: 'progress'; readonly progress: JobProgress }
  | { readonly id: string; readonly kind: 'completed' | 'failed' | 'cancelled' };

/** The event that we add to BullMQ's own when a waiting job is cancelled. */
interface CancelledEvent extends QueueEventsListener {
  cancelled: (args: { jobId: string }, id: string) => void;
}

type Listener = (event: JobEvent) => void;

/** Events may be trimmed away while a connection is down, so a waiting request also looks for itself this often. */
const SAFETY_POLL_MS = 2_000;

/** Pause before a reader of events that ended with an error is started again. */
const RESTART_PAUSE_MS = 500;

/** When a connection is back, or a node of a cluster has gone while the others remain, events may be lost. */
const LOSSES = ['ready', '-node'] as const;

/** Follows the jobs of all queues over one connection per queue, however many clients wait. */
export class JobWatcher {
  /** What happens to all jobs, for those who follow many of them. */
  readonly feed: JobFeed;
  readonly #context: JobsContext;
  readonly #sources: QueueEvents[];
  readonly #listeners = new Map<string, Set<Listener>>();
  #closed = false;

  /** @param connection waits while Redis is away; BullMQ duplicates it for each queue */
  constructor(context: JobsContext, connection: RedisClient) {
    this.#context = context;
    this.feed = new JobFeed(context);
    this.#sources = JOB_TYPES.map((type) => this.#follow(type, connection));
    for (const event of LOSSES) context.redis.on(event, this.#onRedis);
  }

  /** Calls `listener` with every event of the job from now on, until the function that it returns is called. */
  subscribe(jobId: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(jobId) ?? new Set();
    this.#listeners.set(jobId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(jobId) === listeners) this.#listeners.delete(jobId);
    };
  }

  /**
   * Waits until the job is over, but no longer than `timeoutMs` or until `signal` aborts; returns its state then.
   * @param isEnough of what else there is no need to wait any longer
   * @throws AppError JOB_NOT_FOUND, REDIS_UNAVAILABLE
   */
  async waitForEnd(
    jobId: string,
    timeoutMs: number,
    signal: AbortSignal,
    isEnough: (view: JobView) => boolean = () => false,
  ): Promise<JobView> {
    const deadline = performance.now() + timeoutMs;
    let wake: () => void = () => undefined;
    const unsubscribe = this.subscribe(jobId, (event) => event.kind !== 'progress' && wake());
    const onAbort = () => wake();
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const view = await showJob(this.#context, jobId);
        const leftMs = deadline - performance.now();
        if (isFinal(view.status) || isEnough(view) || leftMs <= 0 || signal.aborted) return view;
        const timer = setTimeout(() => wake(), Math.min(leftMs, SAFETY_POLL_MS));
        await changed;
        clearTimeout(timer);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      unsubscribe();
    }
  }

  /** The newest event id of a queue: what was written until now is not later than this. */
  lastEventId(type: JobType): Promise<string> {
    const { redis, keys } = this.#context;
    return callRedis(() => newestEventId(redis, keys.queueEvents(type)));
  }

  /** Events of a job after `afterId`, in order, as far as the stream still holds them. */
  async eventsSince(jobId: string, afterId: string): Promise<JobEvent[]> {
    const { redis, keys } = this.#context;
    if (!/^\d+-\d+$/.test(afterId)) throw new AppError('INVALID_PARAMETER', 'Last-Event-ID is not one that was sent.');
    const entries = await callRedis(() => redis.xrange(keys.queueEvents(jobTypeOf(jobId)), afterId, '+'));
    return entries.flatMap(([id, pairs]) => {
      if (id === afterId) return [];
      const fields = new Map(pairs.flatMap((value, at) => (at % 2 === 0 ? [[value, pairs[at + 1] ?? '']] : [])));
      if (fields.get('jobId') !== jobId) return [];
      return toEvent(id, fields.get('event'), fields.get('data'), fields.get('failedReason'));
    });
  }

  /** Stops following; whoever still waits finds out for itself. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const event of LOSSES) this.#context.redis.off(event, this.#onRedis);
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  /** Streams are read on where they were left, but may have been trimmed, or emptied, while Redis was away. */
  readonly #onRedis = (): void => this.feed.announceGap();

  /**
   * Reads on from the newest event of now. Left to itself, BullMQ begins each read at the end of the stream until a
   * first event has come, and misses what is written between two reads.
   */
  async #run(type: JobType, events: QueueEvents, connection: RedisClient): Promise<void> {
    while (!this.#closed) {
      try {
        const options: QueueEventsOptions = events.opts;
        if (options.lastEventId === undefined) {
          options.lastEventId = await newestEventId(connection, this.#context.keys.queueEvents(type));
          this.feed.announceGap();
        }
        await events.run();
        return;
      } catch {
        if (!this.#closed) await delay(RESTART_PAUSE_MS);
      }
    }
  }

  #follow(type: JobType, connection: RedisClient): QueueEvents {
    const events = new QueueEvents(type, {
      connection,
      prefix: this.#context.keys.prefix,
      skipVersionCheck: true,
      autorun: false,
    });
    events.on('error', () => undefined);
    const options: QueueEventsOptions = events.opts;
    const pass = (jobId: string, event: JobEvent[]) => {
      for (const one of event) {
        for (const listener of this.#listeners.get(jobId) ?? []) listener(one);
        const change =
          one.kind === 'progress' ? { status: 'active' as const, progress: one.progress } : { status: one.kind };
        tell({ jobId, ...change }, one.id);
      }
    };
    const tell = (change: JobChange, id: string) => {
      // A reader that has to be started again goes on from here.
      options.lastEventId = id;
      this.feed.publish(type, change);
    };
    // A job that is put back, by a retry or for another attempt, waits again.
    events.on('waiting', ({ jobId }, id) => tell({ jobId, status: 'queued' }, id));
    events.on('delayed', ({ jobId }, id) => tell({ jobId, status: 'queued' }, id));
    events.on('active', ({ jobId }, id) => tell({ jobId, status: 'active' }, id));
    events.on('progress', ({ jobId, data }, id) => pass(jobId, toEvent(id, 'progress', JSON.stringify(data))));
    events.on('completed', ({ jobId }, id) => pass(jobId, toEvent(id, 'completed')));
    events.on('failed', ({ jobId, failedReason }, id) => pass(jobId, toEvent(id, 'failed', undefined, failedReason)));
    events.on<CancelledEvent>('cancelled', ({ jobId }: { jobId: string }, id: string) =>
      pass(jobId, toEvent(id, 'cancelled')),
    );
    void this.#run(type, events, connection);
    return events;
  }
}

async function newestEventId(redis: RedisClient, stream: string): Promise<string> {
  const newest = await redis.xrevrange(stream, '+', '-', 'COUNT', 1);
  return newest[0]?.[0] ?? '0-0';
}

function toEvent(id: string, kind: string | undefined, data?: string, failedReason?: string): JobEvent[] {
  if (kind === 'progress') {
    const parsed = jobProgressSchema.safeParse(JSON.parse(data ?? 'null'));
    return parsed.success ? [{ id, kind, progress: parsed.data }] : [];
  }
  if (kind === 'failed') {
    const cancelled = parseFailedReason(failedReason ?? '').code === 'CANCELLED';
    return [{ id, kind: cancelled ? 'cancelled' : 'failed' }];
  }
  return kind === 'completed' || kind === 'cancelled' ? [{ id, kind }] : [];
}
