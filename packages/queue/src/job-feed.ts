import type { JobNotice, JobProgress, JobStatus, JobType } from '@caissa/shared/contracts';
import { modelNameSchema } from '@caissa/shared/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { JobsContext } from './enqueue.js';
import { isFinal } from './job-view.js';

/** Somebody who follows the jobs of all queues. */
export interface JobFollower {
  onNotice(notice: JobNotice): void;
  /** Notices may have been missed; what is true has to be read anew. */
  onGap(): void;
}

/** Something that a queue tells of a job. */
export interface JobChange {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly progress?: JobProgress | undefined;
}

/** Jobs of which something is kept. */
const KEPT_LIMIT = 1_000;

const payloadSchema = z.object({ model_name: modelNameSchema });

/** Passes on what happens to all jobs, in order. Costs nothing while nobody follows. */
export class JobFeed {
  readonly #context: Pick<JobsContext, 'redis' | 'keys'>;
  readonly #followers = new Set<JobFollower>();
  /** Kept so that a job is read once and not with each of its events. */
  readonly #names = new LRUCache<string, string>({ max: KEPT_LIMIT });
  /** A worker still takes a waiting job that was cancelled, to drop it: nobody wants to hear of that. */
  readonly #cancelled = new LRUCache<string, true>({ max: KEPT_LIMIT });
  #last: Promise<void> = Promise.resolve();

  constructor(context: Pick<JobsContext, 'redis' | 'keys'>) {
    this.#context = context;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** Tells `follower` of everything from now on, until the function that it returns is called. */
  follow(follower: JobFollower): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  publish(type: JobType, { jobId, status, progress }: JobChange): void {
    this.#afterwards(async () => {
      if (this.#cancelled.has(jobId)) return;
      if (status === 'cancelled') this.#cancelled.set(jobId, true);
      const modelName = await this.#nameOf(type, jobId);
      const name = modelName === undefined ? {} : { model_name: modelName };
      const notice = { job_id: jobId, type, ...name, status, ...(progress === undefined ? {} : { progress }) };
      for (const follower of this.#followers) follower.onNotice(notice);
      if (isFinal(status)) this.#names.delete(jobId);
    });
  }

  announceGap(): void {
    this.#afterwards(async () => {
      for (const follower of this.#followers) follower.onGap();
    });
  }

  /** One after the other: looking up a name must not let a later notice overtake. */
  #afterwards(tell: () => Promise<void>): void {
    if (this.#followers.size > 0) this.#last = this.#last.then(tell);
  }

  /** The events of BullMQ carry the id of a job alone. */
  async #nameOf(type: JobType, jobId: string): Promise<string | undefined> {
    const known = this.#names.get(jobId);
    if (known !== undefined) return known;
    const { redis, keys } = this.#context;
    // Redis may have gone away after it told of the job.
    const data = await redis.hget(keys.job(type, jobId), 'data').catch(() => null);
    const payload = payloadSchema.safeParse(JSON.parse(data ?? 'null'));
    if (!payload.success) return undefined;
    this.#names.set(jobId, payload.data.model_name);
    return payload.data.model_name;
  }
}
