import type { Logger } from '@caissa/shared/process';

/**
 * What a loader writes down without needing it to serve a model, in a folder that may be read-only or full for a while.
 * That it cannot be written is logged once, and that it can again.
 */
export class OptionalWrites {
  readonly #folder: string;
  readonly #logger: Logger;
  #isFailing = false;

  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.#logger = logger;
  }

  /** Returns whether something could be written; never rejects. */
  async attempt(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      if (!this.#isFailing) this.#logger.warn({ err: error }, this.#trouble(error));
      this.#isFailing = true;
      return false;
    }
    if (this.#isFailing) this.#logger.info(`${this.#folder} can be written again`);
    this.#isFailing = false;
    return true;
  }

  #trouble(error: unknown): string {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    return (
      `${this.#folder} cannot be written${code}: models that were converted are served, others cannot be loaded, and ` +
      'the journal of activations is kept in memory. Make it writable for this user; no restart is needed.'
    );
  }
}
