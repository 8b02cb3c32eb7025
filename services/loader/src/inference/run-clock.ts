/** Weight of the newest run in what is expected of the next one. */
const NEWEST_WEIGHT = 0.3;

/** Knows which runs a session has been given, and from how long the last ones took when the one in progress should end. */
export class RunClock {
  /** Positions of the runs in flight, the one in progress first. */
  readonly #sizes: number[] = [];
  #startedMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;
  #msPerPosition = 0;

  get runs(): number {
    return this.#sizes.length;
  }

  get positions(): number {
    return this.#sizes.reduce((sum, size) => sum + size, 0);
  }

  /** When the last run ended. */
  get endedMs(): number {
    return this.#endedMs;
  }

  /** How long the run in progress should take, in milliseconds; 0 while nothing is known. */
  get expectedRunMs(): number {
    return (this.#sizes[0] ?? 0) * this.#msPerPosition;
  }

  get expectedEndMs(): number {
    return this.#startedMs + this.expectedRunMs;
  }

  /** The session has been given a run. */
  sent(size: number): void {
    if (this.#sizes.length === 0) this.#startedMs = performance.now();
    this.#sizes.push(size);
  }

  /** The run in progress has ended, the next one begins. Returns how long it took, in milliseconds. */
  ended(): number {
    const now = performance.now();
    const size = this.#sizes.shift() ?? 1;
    const tookMs = now - this.#startedMs;
    const each = tookMs / size;
    this.#msPerPosition += (each - this.#msPerPosition) * (this.#msPerPosition === 0 ? 1 : NEWEST_WEIGHT);
    this.#startedMs = now;
    this.#endedMs = now;
    return tookMs;
  }
}
