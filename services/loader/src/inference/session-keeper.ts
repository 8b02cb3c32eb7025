import type { Session } from '@caissa/session';
import { withTimeout } from '@caissa/shared/process';
import { BackOff } from './back-off.js';
import type { BatchedModel } from './batched-model.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** A session that lived this long was not to blame for its end. */
const STABLE_AFTER_MS = 60_000;

/** Longest time that requests taken for a model may keep its session open after it was replaced. */
const DRAIN_LIMIT_MS = 30_000;

/** A session, and the model that answers by it. */
export interface Kept {
  readonly session: Session;
  readonly model: BatchedModel;
}

/** What a {@link SessionKeeper} asks of its owner. */
export interface KeeperOptions<T> {
  /** Told when the process of what was kept has ended unasked. */
  onLoss(lost: T): void;
  /** Opens again what was lost or could not be opened. Must not throw. */
  reopen(): void;
  /** Takes the session of what was replaced and is idle now; returns false to have it ended. Must not throw. */
  putAside?(replaced: T): boolean;
}

/**
 * Keeps one model open. It is exchanged without a moment in which there is none; what is replaced answers what it was
 * asked before its session is ended. When its process ends unasked it is opened again, at once if it had lived long,
 * and else, as after a failed attempt, after pauses that grow.
 */
export class SessionKeeper<T extends Kept> {
  readonly #options: KeeperOptions<T>;
  readonly #pauses = new BackOff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  readonly #closing = new Set<Promise<void>>();
  #kept: T | undefined;
  #keptSinceMs = 0;
  #retry: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: KeeperOptions<T>) {
    this.#options = options;
  }

  /** What is kept now, if anything. */
  get kept(): T | undefined {
    return this.#kept;
  }

  /** Whether no pause has to be made before the next attempt to open a model. */
  get isDue(): boolean {
    return this.#pauses.isOver;
  }

  /** Keeps `next` from now on, in place of the one before. */
  keep(next: T): void {
    clearTimeout(this.#retry);
    const before = this.#kept;
    this.#kept = next;
    this.#keptSinceMs = performance.now();
    void next.session.exited.then(() => this.#lost(next));
    if (before !== undefined) this.#retire(before, this.#options.putAside);
  }

  /** Keeps nothing from now on. The model before answers what it was asked and is ended meanwhile. */
  release(): void {
    clearTimeout(this.#retry);
    const before = this.#kept;
    this.#kept = undefined;
    if (before !== undefined) this.#retire(before);
  }

  /** An attempt to open a model failed: the next one is made after a pause. */
  failed(): void {
    this.#pauses.failed();
    this.#reopenLater();
  }

  /** Another model is wanted, which may be opened at once. */
  forgive(): void {
    this.#pauses.reset();
  }

  /** Keeps nothing any more; settles when every process has ended. */
  async close(): Promise<void> {
    this.#ended = true;
    this.release();
    await Promise.all(this.#closing);
  }

  #lost(lost: T): void {
    if (this.#kept !== lost) return;
    this.#kept = undefined;
    this.#options.onLoss(lost);
    if (performance.now() - this.#keptSinceMs < STABLE_AFTER_MS) this.#pauses.failed();
    else this.#pauses.reset();
    this.#reopenLater();
  }

  #reopenLater(): void {
    clearTimeout(this.#retry);
    if (!this.#ended) this.#retry = setTimeout(() => this.#options.reopen(), Math.ceil(this.#pauses.restMs));
  }

  #retire(before: T, putAside?: KeeperOptions<T>['putAside']): void {
    const closed = this.#drainAndClose(before, putAside).finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  async #drainAndClose(before: T, putAside: KeeperOptions<T>['putAside']): Promise<void> {
    const drained = await withTimeout(before.model.drain(), DRAIN_LIMIT_MS).then(
      () => true,
      () => false,
    );
    if (!drained || this.#ended || !putAside?.(before)) await before.session.close();
  }
}
