import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { type JobsContext, retryJob } from '@caissa/queue';
import type { JobType } from '@caissa/shared/contracts';
import { BOARD_CHANGES } from './board-changes.js';

type BoardJob = NonNullable<Awaited<ReturnType<BullMQAdapter['getJob']>>>;

/** A queue as the dashboard sees it: without the stacks of failed jobs, and with retries that are those of the API. */
export class BoardQueue extends BullMQAdapter {
  readonly #jobs: JobsContext;

  constructor(jobs: JobsContext, type: JobType, readOnlyMode: boolean) {
    super(jobs.queues[type].queue, { readOnlyMode, description: readOnlyMode ? '' : BOARD_CHANGES });
    this.#jobs = jobs;
  }

  override async getJob(id: string): Promise<BoardJob | undefined> {
    const job = await super.getJob(id);
    return job && this.#shown(job);
  }

  override async getJobs(...range: Parameters<BullMQAdapter['getJobs']>): Promise<BoardJob[]> {
    return (await super.getJobs(...range)).map((job) => this.#shown(job));
  }

  #shown(job: BoardJob): BoardJob {
    // They name files of the server; the log of the worker has them.
    job.stacktrace = [];
    job.retry = async () => void (await retryJob(this.#jobs, job.id ?? ''));
    return job;
  }
}
