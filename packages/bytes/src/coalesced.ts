/**
 * Shares one reading among all who ask for it before it begins. Nobody gets what was read before they asked, so an answer
 * is as fresh as one of their own, and however many ask, only one reading is under way at a time.
 */
export class Coalesced<T> {
  readonly #read: () => Promise<T>;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** What a reading that begins from now on finds. */
  get(): Promise<T> {
    this.#next ??= this.#running.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<T> {
    this.#next = undefined;
    const reading = this.#read();
    this.#running = reading.catch(() => undefined);
    return reading;
  }
}
