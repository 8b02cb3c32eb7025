import { setTimeout as delay } from 'node:timers/promises';
import { closeQueues, enqueue, type JobsContext, openQueues, showJob } from '@caissa/queue';
import { connectProducer, redisKeys, waitUntilReady } from '@caissa/redis';
import type { ExportJobData } from '@caissa/shared/contracts';

/** What the services are told to prefix their keys with; the default of REDIS_PREFIX. */
const PREFIX = 'caissa';
const REDIS_PATIENCE_MS = 10_000;
const JOB_PATIENCE_MS = 60_000;
const POLL_MS = 5;

/** Puts jobs into the queues of running services. */
export class QueueClient {
  readonly context: JobsContext;

  private constructor(context: JobsContext) {
    this.context = context;
  }

  /** Connects to the Redis of the services. */
  static async open(redisUrl: string): Promise<QueueClient> {
    const redis = connectProducer(redisUrl);
    await waitUntilReady(redis, REDIS_PATIENCE_MS);
    return new QueueClient({ redis, keys: redisKeys(PREFIX), queues: openQueues(redis, PREFIX) });
  }

  /** Has an export made and waits for it. */
  async export(data: ExportJobData): Promise<void> {
    const { job } = await enqueue(this.context, 'export', data);
    const deadline = Date.now() + JOB_PATIENCE_MS;
    for (;;) {
      const { status, error } = await showJob(this.context, job.id ?? '');
      if (status === 'completed') return;
      if (status === 'failed' || Date.now() > deadline)
        throw new Error(error?.detail ?? `The export is still ${status}.`);
      await delay(POLL_MS);
    }
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await closeQueues(this.context.queues);
    this.context.redis.disconnect();
  }
}
