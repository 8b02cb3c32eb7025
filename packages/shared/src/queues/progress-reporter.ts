import type { JobProgress } from '../contracts/jobs.js';

/** Shortest time between two messages of the same stage. */
const INTERVAL_MS = 100;

/**
 * Passes progress on, in order, one message at a time, and not more often than clients can use. A message that could
 * not be delivered is dropped: progress is a courtesy, the job goes on.
 */
export class ProgressReporter {
  readonly #send: (progress: JobProgress) => Promise<void>;
  #pending: JobProgress | undefined;
  #sending: Promise<void> | undefined;
  #last: { stage: string; atMs: number } | undefined;

  constructor(send: (progress: JobProgress) => Promise<void>) {
    this.#send = send;
  }

  /** Sends now if the stage is new or enough time has passed; otherwise the message is dropped. */
  report(progress: JobProgress): void {
    const now = performance.now();
    if (this.#last?.stage === progress.stage && now - this.#last.atMs < INTERVAL_MS) return;
    this.#last = { stage: progress.stage, atMs: now };
    this.#pending = { stage: progress.stage, percent: Math.round(progress.percent) };
    this.#sending ??= this.#drain();
  }

  /** Waits until what was begun has been sent. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  async #drain(): Promise<void> {
    while (this.#pending) {
      const next = this.#pending;
      this.#pending = undefined;
      await this.#send(next).catch(() => undefined);
    }
    this.#sending = undefined;
  }
}
