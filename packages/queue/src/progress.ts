import type { JobProgress } from '@caissa/shared/contracts';

/** Shortest time between two messages, and until the first: most jobs of tiny models are over by then, and tell nothing. */
const INTERVAL_MS = 100;

/**
 * Passes progress on, in order, one message at a time, and not more often than clients can use. A message that could
 * not be delivered is dropped: progress is a courtesy, the job goes on.
 */
export class ProgressReporter {
  readonly #send: (progress: JobProgress) => Promise<void>;
  #pending: JobProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(send: (progress: JobProgress) => Promise<void>) {
    this.#send = send;
  }

  /** Takes the newest progress, which is sent with the next message. */
  report(progress: JobProgress): void {
    this.#pending = { stage: progress.stage, percent: Math.round(progress.percent) };
    this.#timer ??= setTimeout(() => this.#tell(), INTERVAL_MS);
  }

  /** Sends what was not sent yet and waits until all is: where a job stopped that failed. */
  async flush(): Promise<void> {
    this.#tell();
    await this.#sending;
  }

  /** Forgets what was not sent yet and waits until the rest is: nobody asks how far a job is that is done. */
  async drop(): Promise<void> {
    this.#pending = undefined;
    await this.flush();
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // What came since the last message waits for its time, unless that has come while the message was on its way.
    while (this.#pending && this.#timer === undefined) {
      const next = this.#pending;
      this.#pending = undefined;
      await this.#send(next).catch(() => undefined);
    }
    this.#sending = undefined;
  }
}

/** Ends what was begun with a stage; told the code of the error if the attempt failed in it. */
type EndStage = (failure?: string) => void;

/** Follows the stages that a job reports of itself: each one lasts until the next, or until the attempt is over. */
export class StageFollower {
  readonly #begin: (stage: string) => EndStage | undefined;
  #stage: string | undefined;
  #end: EndStage | undefined;

  /** @param begin called when a stage begins; returns what to call at its end */
  constructor(begin: (stage: string) => EndStage | undefined) {
    this.#begin = begin;
  }

  /** The job is in this stage now; it may have been before. */
  enter(stage: string): void {
    if (stage === this.#stage) return;
    this.leave();
    this.#stage = stage;
    this.#end = this.#begin(stage);
  }

  /** The attempt is over. @param failure code of the error that it failed with */
  leave(failure?: string): void {
    this.#end?.(failure);
    this.#end = undefined;
  }
}
