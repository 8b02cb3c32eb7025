import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { retryJob } from '@caissa/queue';
import { callRedis } from '@caissa/redis';
import type { JobType } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { ApiContext } from '../context.js';
import { assertRetryable } from '../jobs/assert-retryable.js';
import { BOARD_CHANGES } from './board-changes.js';

type BoardJob = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>;

/** What the dashboard works with. */
export type BoardContext = Pick<ApiContext, 'jobs' | 'catalogue' | 'modelFolder' | 'replicas'>;

/** A queue as the dashboard sees it: without the stacks of failed jobs, and with retries that are those of the API. */
export class BoardQueue extends BullMQAdapter {
  readonly #context: BoardContext;
  readonly #type: JobType;

  constructor(context: BoardContext, type: JobType, readOnlyMode: boolean) {
    super(context.jobs.queues[type].queue, { readOnlyMode, description: readOnlyMode ? '' : BOARD_CHANGES });
    this.#context = context;
    this.#type = type;
  }

  override async getJob(id: string): Promise<BoardJob | undefined> {
    const job = await super.getJob(id);
    return job && this.#shown(job);
  }

  override async getJobs(...range: Parameters<BullMQAdapter['getJobs']>): Promise<BoardJob[]> {
    return (await super.getJobs(...range)).map((job) => this.#shown(job));
  }

  /** Retries every failed job that the API would retry, the oldest first. @throws AppError REDIS_UNAVAILABLE, STORE_UNAVAILABLE */
  async retryFailed(): Promise<{ retried: number; skipped: number }> {
    const { queue } = this.#context.jobs.queues[this.#type];
    const ids = await callRedis(() => queue.getRanges(['failed'], 0, -1, true));
    let retried = 0;
    for (const id of ids) if (await this.#retryIfPossible(id)) retried++;
    return { retried, skipped: ids.length - retried };
  }

  async #retryIfPossible(id: string): Promise<boolean> {
    try {
      await this.#retry(id);
      return true;
    } catch (error) {
      if (error instanceof AppError && !error.retryable) return false;
      throw error;
    }
  }

  async #retry(id: string): Promise<void> {
    await retryJob(this.#context.jobs, id, (work) => assertRetryable(this.#context, work));
  }

  #shown(job: BoardJob): BoardJob {
    // They name files of the server; the log of the worker has them.
    job.stacktrace = [];
    job.retry = () => this.#retry(job.id ?? '');
    return job;
  }
}
