import { Coalesced } from '@caissa/bytes';
import type { Completeness, ExportIndex } from '@caissa/registry';
import { AppError } from '@caissa/shared/errors';
import type { Logger } from '@caissa/shared/process';
import type { ArtifactStore } from '@caissa/storage';

/** How often the list is compared with the store. */
const INTERVAL_MS = 60_000;

/** How soon again while the list is not complete: the process that is about it may have gone. */
const INCOMPLETE_INTERVAL_MS = 2_000;

/** What the reconciler works with. */
export interface ExportReconcilerContext {
  readonly exports: ExportIndex;
  readonly store: ArtifactStore;
  readonly logger: Logger;
}

/**
 * Keeps the list of exports true to the store. Every API process does so; one at a time goes through the store, and the
 * others look again soon.
 */
export class ExportReconciler {
  readonly #context: ExportReconcilerContext;
  readonly #completeness = new Coalesced(() => this.#context.exports.completeness());
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #startsOver = false;
  #stopped = false;

  constructor(context: ExportReconcilerContext) {
    this.#context = context;
  }

  /** Compares now, and from time to time from then on, until `stop` is called. */
  start(): void {
    this.#schedule(0);
  }

  /** Whether every export is listed by now; if not, the list is compared soon. @throws AppError REDIS_UNAVAILABLE */
  async completeness(): Promise<Completeness> {
    const completeness = await this.#completeness.get();
    if (!completeness.complete) this.#hasten();
    return completeness;
  }

  /** Compares anew, also if it is at it: it may have seen what Redis has lost since. Call it when Redis is back. */
  startOver(): void {
    if (this.#running === undefined) this.#schedule(0);
    else this.#startsOver = true;
  }

  #hasten(): void {
    if (this.#running === undefined && this.#dueAtMs - performance.now() > INCOMPLETE_INTERVAL_MS) this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#dueAtMs = performance.now() + delayMs;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, delayMs);
  }

  async #run(): Promise<void> {
    const delayMs = await this.#reconcile();
    this.#running = undefined;
    this.#schedule(this.#startsOver ? 0 : delayMs);
    this.#startsOver = false;
  }

  /** Returns when to compare again. Redis or a store that is away is reported elsewhere. */
  async #reconcile(): Promise<number> {
    const { exports, store, logger } = this.#context;
    try {
      await exports.reconcile(store);
      return (await exports.completeness()).complete ? INTERVAL_MS : INCOMPLETE_INTERVAL_MS;
    } catch (error) {
      if (error instanceof AppError && error.retryable) return INCOMPLETE_INTERVAL_MS;
      logger.error({ err: error }, 'the list of exports could not be compared with the store');
      return INTERVAL_MS;
    }
  }
}
