import { setTimeout as delay } from 'node:timers/promises';
import { isFinal, type JobEvent, jobTypeOf, showJob } from '@caissa/queue';
import type { JobView } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { ApiContext } from '../context.js';

/** An event as it is sent to a client. */
export interface OutgoingEvent {
  readonly id: string;
  readonly name: 'progress' | 'completed' | 'failed' | 'cancelled';
  readonly data: unknown;
}

/** Events can be lost with a connection, so the stream itself is read at least this often. */
const LOOK_INTERVAL_MS = 3_000;

/** Pause after Redis did not reply. */
const OUTAGE_PAUSE_MS = 1_000;

/** The state of a job when a client connects, and the place in the stream up to which it is known. */
export interface JobState {
  readonly view: JobView;
  readonly eventId: string;
}

/**
 * Reads the state of a job. The place is read first: what happens in between is sent again, and nothing is left out.
 */
export async function readJobState({ jobs, watcher }: ApiContext, jobId: string): Promise<JobState> {
  const eventId = await watcher.lastEventId(jobTypeOf(jobId));
  return { view: await showJob(jobs, jobId), eventId };
}

/** The event that reports a state. */
export function toStateEvent({ view, eventId }: JobState): OutgoingEvent {
  if (view.status === 'queued' || view.status === 'active') return toProgress(view.job_id, eventId, view.progress);
  return { id: eventId, name: view.status, data: view };
}

/**
 * Yields what happens to a job after `afterId`, in order and without gaps, and ends after the event that ends the job or
 * when `signal` aborts. The notifications of the watcher only say when to look: what is sent is read from the stream, so
 * a notification that is lost or comes twice does no harm. While Redis is away it waits.
 */
export async function* followJob(
  context: ApiContext,
  jobId: string,
  afterId: string,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent> {
  const notifier = new Notifier(context, jobId, signal);
  let readUpTo = afterId;
  try {
    while (!signal.aborted) {
      try {
        const { events, eventId, over } = await readNews(context, jobId, readUpTo);
        for (const event of events) {
          yield event;
          if (event.name !== 'progress') return;
        }
        if (over) return;
        readUpTo = eventId;
        await notifier.wait();
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'REDIS_UNAVAILABLE') throw error;
        await delay(OUTAGE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  } finally {
    notifier.close();
  }
}

interface News {
  readonly events: OutgoingEvent[];
  /** Everything up to here was looked at. */
  readonly eventId: string;
  readonly over: boolean;
}

async function readNews(context: ApiContext, jobId: string, afterId: string): Promise<News> {
  const { view, eventId } = await readJobState(context, jobId);
  const found = await context.watcher.eventsSince(jobId, afterId);
  const last = found.at(-1)?.id;
  const upTo = [afterId, eventId, last].reduce<string>((a, b) => (b !== undefined && isLater(b, a) ? b : a), afterId);
  const events = found.flatMap((event) => toOutgoing(event, view));
  // The event that ended the job may have been trimmed away; the job's state says the same.
  if (isFinal(view.status) && events.at(-1)?.name !== view.status) events.push(toStateEvent({ view, eventId: upTo }));
  return { events, eventId: upTo, over: isFinal(view.status) };
}

/** An end that does not match the job's state is an old one: the job was retried since. */
function toOutgoing(event: JobEvent, view: JobView): OutgoingEvent[] {
  if (event.kind === 'progress') return [toProgress(view.job_id, event.id, event.progress)];
  return event.kind === view.status ? [{ id: event.id, name: event.kind, data: view }] : [];
}

function toProgress(jobId: string, id: string, progress: JobView['progress']): OutgoingEvent {
  return { id, name: 'progress', data: { job_id: jobId, ...progress } };
}

/** Wakes a reader when the job has news, at the latest after {@link LOOK_INTERVAL_MS}. */
class Notifier {
  readonly #signal: AbortSignal;
  readonly #unsubscribe: () => void;
  #news = false;
  #wake: () => void = () => undefined;

  constructor({ watcher }: ApiContext, jobId: string, signal: AbortSignal) {
    this.#signal = signal;
    this.#unsubscribe = watcher.subscribe(jobId, this.#notify);
    signal.addEventListener('abort', this.#notify);
  }

  async wait(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, LOOK_INTERVAL_MS);
      if (this.#news || this.#signal.aborted) resolve();
    });
    clearTimeout(timer);
    this.#news = false;
  }

  close(): void {
    this.#unsubscribe();
    this.#signal.removeEventListener('abort', this.#notify);
  }

  readonly #notify = (): void => {
    this.#news = true;
    this.#wake();
  };
}

/** Whether one place in an event stream is later than another. Source: Redis stream entry ids, `milliseconds-sequence`. */
export function isLater(left: string, right: string): boolean {
  const [leftMs = 0n, leftSequence = 0n] = left.split('-').map(BigInt);
  const [rightMs = 0n, rightSequence = 0n] = right.split('-').map(BigInt);
  return leftMs === rightMs ? leftSequence > rightSequence : leftMs > rightMs;
}
