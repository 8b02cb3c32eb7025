/** Pauses that grow with each failure in a row, so that what keeps failing is tried less and less. */
export class BackOff {
  readonly #firstMs: number;
  readonly #limitMs: number;
  #failures = 0;
  #notBeforeMs = 0;

  constructor(firstMs: number, limitMs: number) {
    this.#firstMs = firstMs;
    this.#limitMs = limitMs;
  }

  /** Whether it is time to try again. */
  get isOver(): boolean {
    return this.restMs === 0;
  }

  /** How much of the pause is left, in milliseconds. */
  get restMs(): number {
    return Math.max(0, this.#notBeforeMs - performance.now());
  }

  /** Makes the next pause longer than the last one and begins it. */
  failed(): void {
    const pauseMs = Math.min(this.#firstMs * 2 ** this.#failures, this.#limitMs);
    this.#failures++;
    this.#notBeforeMs = performance.now() + pauseMs;
  }

  /** Ends the pause; the next failure is the first one again. */
  reset(): void {
    this.#failures = 0;
    this.#notBeforeMs = 0;
  }
}
