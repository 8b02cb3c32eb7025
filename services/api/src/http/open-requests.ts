/** What handlers are at work on: also what they still put away after their client has left. */
export class OpenRequests {
  readonly #open = new Set<Promise<void>>();

  /** Takes note of a handler's work until it is over. */
  async track(work: Promise<void>): Promise<void> {
    this.#open.add(work);
    try {
      await work;
    } finally {
      this.#open.delete(work);
    }
  }

  /** Settles when no handler is at work any more. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
  }
}
