/** A file that appeared this long ago, and is still the same, is whole. */
const SHORTEST_REST_MS = 1_000;

/** What is written with pauses is at rest after twice the longest of them, up to this. */
const LONGEST_REST_MS = 10_000;

/** A file that was at rest and changes later than this after the change before is being written anew. */
const MEMORY_MS = 15_000;

/** What never rests is taken as it is once in a while. */
const LONGEST_WAIT_MS = 300_000;

interface History {
  /** When this state was first seen. */
  readonly sinceMs: number;
  /** Since when the file has not been at rest. */
  readonly restlessSinceMs: number;
  /** The longest time between two changes that belong together; none if only one was seen. */
  readonly longestPauseMs: number | undefined;
}

/**
 * How one state of a file came about, as far as its states were seen. Whether a file is at rest is judged by that alone,
 * on the clock of `performance.now()`: the clock of the store may be another.
 */
export class Writing {
  readonly #history: History;
  #isAtRest: boolean;

  private constructor(history: History, isAtRest: boolean) {
    this.#history = history;
    this.#isAtRest = isAtRest;
  }

  /**
   * A state that was not seen until now, after another one, if there was one.
   * @param isAtRest whether it is known not to be written to any more
   * @param isBegunAnew whether the file has become smaller, as none does that goes on being written
   */
  static after(before: Writing | undefined, isAtRest: boolean, isBegunAnew = false): Writing {
    const sinceMs = performance.now();
    if (before === undefined || (before.#isAtRest && isBegunAnew))
      return new Writing({ sinceMs, restlessSinceMs: sinceMs, longestPauseMs: undefined }, isAtRest);
    const { sinceMs: earlierMs, restlessSinceMs, longestPauseMs } = before.#history;
    const pauseMs = sinceMs - earlierMs;
    // Nobody asks about a file that is known: that it has rested shows only now.
    const wasAtRest = before.#isAtRest || pauseMs >= before.#restMs;
    // A file that was whole may be replaced once: only what then changes again is written with such pauses.
    const isReplaced = wasAtRest && longestPauseMs === undefined;
    const goesOn = !wasAtRest || pauseMs < MEMORY_MS;
    return new Writing(
      {
        sinceMs,
        restlessSinceMs: wasAtRest ? sinceMs : restlessSinceMs,
        longestPauseMs: goesOn ? Math.max(longestPauseMs ?? 0, isReplaced ? 0 : pauseMs) : undefined,
      },
      isAtRest,
    );
  }

  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  /** Whether the file was seen to change, and is not at rest since. */
  get isBeingWritten(): boolean {
    return !this.#isAtRest && this.#history.longestPauseMs !== undefined;
  }

  /** How long the file must stay as it is until it is at rest. */
  get leftMs(): number {
    if (this.#isAtRest) return 0;
    const { sinceMs, restlessSinceMs } = this.#history;
    return Math.max(0, Math.min(sinceMs + this.#restMs, restlessSinceMs + LONGEST_WAIT_MS) - performance.now());
  }

  settle(): void {
    this.#isAtRest = true;
  }

  get #restMs(): number {
    return Math.min(LONGEST_REST_MS, Math.max(SHORTEST_REST_MS, 2 * (this.#history.longestPauseMs ?? 0)));
  }
}
