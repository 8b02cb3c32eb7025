import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RETRY_POLICY } from '@caissa/queue';
import { connectProducer, waitUntilReady } from '@caissa/redis';
import { Queue } from 'bullmq';
import { manyAtOnce } from '../harness/many-at-once.js';

const REDIS_PATIENCE_MS = 10_000;
const POLL_MS = 1;
const DRAIN_POLL_MS = 10;
/** Requests that are under way while a queue is filled. */
const IN_FLIGHT = 16;

/** How {@link BareQueue.open} works. */
export interface BareQueueOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Jobs that its worker has in hand at once. */
  readonly concurrency: number;
  /** Folders of models and of exports, if a job is an export; it is nothing otherwise. */
  readonly folders?: readonly [string, string];
}

/** BullMQ without anything of ours: a queue, and one worker in a process of its own. */
export class BareQueue {
  readonly #queue: Queue;
  readonly #close: () => Promise<void>;

  private constructor(queue: Queue, close: () => Promise<void>) {
    this.#queue = queue;
    this.#close = close;
  }

  /** Starts the worker. */
  static async open({ redisUrl, prefix, concurrency, folders = ['', ''] }: BareQueueOptions): Promise<BareQueue> {
    const program = fileURLToPath(new URL('./bare-worker.js', import.meta.url));
    const child = fork(program, [redisUrl, prefix, String(concurrency), ...folders], { execArgv: [] });
    await once(child, 'message');
    const connection = connectProducer(redisUrl);
    await waitUntilReady(connection, REDIS_PATIENCE_MS);
    const queue = new Queue('bare', { connection, prefix, defaultJobOptions: RETRY_POLICY });
    return new BareQueue(queue, async () => {
      child.disconnect();
      await queue.close();
      connection.disconnect();
    });
  }

  /** Milliseconds from adding a job until a poller sees that it is completed. */
  async roundTrip(): Promise<number> {
    const begun = performance.now();
    const { id = '' } = await this.#queue.add('bare', {});
    for (;;) {
      const job = await this.#queue.getJob(id);
      if (job?.finishedOn !== undefined) return performance.now() - begun;
      await delay(POLL_MS);
    }
  }

  /** Jobs a second, from adding the first until the last is over. */
  async throughput(jobs: number): Promise<number> {
    const begun = performance.now();
    await manyAtOnce(jobs, IN_FLIGHT, (number) => this.#queue.add('bare', { number }));
    while ((await this.#queue.getJobCountByTypes('waiting', 'active', 'delayed')) > 0) await delay(DRAIN_POLL_MS);
    const elapsedMs = performance.now() - begun;
    await this.#queue.obliterate({ force: true });
    return (jobs * 1_000) / elapsedMs;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
