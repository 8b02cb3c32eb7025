import { QueueEvents, type QueueEventsListener } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JobView } from '../contracts/http.js';
import { JOB_TYPES, type JobProgress, type JobType, jobProgressSchema } from '../contracts/jobs.js';
import { AppError } from '../errors/app-error.js';
import { callRedis } from '../redis/connect.js';
import type { JobsContext } from './enqueue.js';
import { parseFailedReason } from './failed-reason.js';
import { jobTypeOf } from './job-id.js';
import { isFinal } from './job-view.js';
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

/** Follows the jobs of all queues over one connection per queue, however many clients wait. */
export class JobWatcher {
  readonly #context: JobsContext;
  readonly #sources: QueueEvents[];
  readonly #listeners = new Map<string, Set<Listener>>();

  /** @param connection waits while Redis is away; it is duplicated for each queue */
  constructor(context: JobsContext, connection: Redis) {
    this.#context = context;
    this.#sources = JOB_TYPES.map((type) => this.#follow(type, connection));
  }

  /** Calls `listener` with every event of the job from now on, until the answer is called. */
  subscribe(jobId: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(jobId) ?? new Set();
    this.#listeners.set(jobId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(jobId) === listeners) this.#listeners.delete(jobId);
    };
  }

  /**
   * Waits until the job is over, but no longer than `timeoutMs` or until `signal` aborts; answers its state then.
   * @throws AppError JOB_NOT_FOUND, REDIS_UNAVAILABLE
   */
  async waitForEnd(jobId: string, timeoutMs: number, signal: AbortSignal): Promise<JobView> {
    const deadline = performance.now() + timeoutMs;
    let wake: () => void = () => undefined;
    const unsubscribe = this.subscribe(jobId, (event) => event.kind !== 'progress' && wake());
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const view = await showJob(this.#context, jobId);
        const leftMs = deadline - performance.now();
        if (isFinal(view.status) || leftMs <= 0 || signal.aborted) return view;
        const timer = setTimeout(() => wake(), Math.min(leftMs, SAFETY_POLL_MS));
        await changed;
        clearTimeout(timer);
      }
    } finally {
      unsubscribe();
    }
  }

  /** The newest event id of a queue: what was written until now is not later than this. */
  lastEventId(type: JobType): Promise<string> {
    const { redis, keys } = this.#context;
    return callRedis(async () => {
      const newest = await redis.xrevrange(keys.queueEvents(type), '+', '-', 'COUNT', 1);
      return newest[0]?.[0] ?? '0-0';
    });
  }

  /** Events of a job after `afterId`, in order, as far as the stream still holds them. */
  async eventsSince(jobId: string, afterId: string): Promise<JobEvent[]> {
    const { redis, keys } = this.#context;
    if (!/^\d+-\d+$/.test(afterId)) throw new AppError('INVALID_PARAMETER', 'Last-Event-ID is not one that was sent.');
    const entries = await callRedis(() => redis.xrange(keys.queueEvents(jobTypeOf(jobId)), `(${afterId}`, '+'));
    return entries.flatMap(([id, pairs]) => {
      const fields = new Map(pairs.flatMap((value, at) => (at % 2 === 0 ? [[value, pairs[at + 1] ?? '']] : [])));
      if (fields.get('jobId') !== jobId) return [];
      return toEvent(id, fields.get('event'), fields.get('data'), fields.get('failedReason'));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }

  #follow(type: JobType, connection: Redis): QueueEvents {
    const events = new QueueEvents(type, {
      connection: connection.duplicate(),
      prefix: this.#context.keys.prefix,
      skipVersionCheck: true,
    });
    events.on('error', () => undefined);
    const pass = (jobId: string, event: JobEvent[]) => {
      for (const one of event) for (const listener of this.#listeners.get(jobId) ?? []) listener(one);
    };
    events.on('progress', ({ jobId, data }, id) => pass(jobId, toEvent(id, 'progress', JSON.stringify(data))));
    events.on('completed', ({ jobId }, id) => pass(jobId, toEvent(id, 'completed')));
    events.on('failed', ({ jobId, failedReason }, id) => pass(jobId, toEvent(id, 'failed', undefined, failedReason)));
    events.on<CancelledEvent>('cancelled', ({ jobId }: { jobId: string }, id: string) =>
      pass(jobId, toEvent(id, 'cancelled')),
    );
    return events;
  }
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
