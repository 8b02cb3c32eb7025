import { LRUCache } from 'lru-cache';

/** Names that are remembered; exports of one second share one. */
const LIMIT = 100;

/**
 * Remembers how many exports of one model in one second have taken a name, so that each of a thousand of them does not
 * try all names before its own. Others may have taken more, and removed some: it only says where to begin to look.
 */
export class TakenNames {
  readonly #firstFree = new LRUCache<string, number>({ max: LIMIT });

  /** The first number that may be free. */
  firstFree(name: string): number {
    return this.#firstFree.get(name) ?? 1;
  }

  /** Notes that all numbers below are taken. */
  note(name: string, firstFree: number): void {
    this.#firstFree.set(name, firstFree);
  }

  /** Begins at the first name again, because one has been given back. */
  forget(filename: string): void {
    this.#firstFree.delete(filename.replace(/_\d+(\.[a-z]+)$/, '$1'));
    this.#firstFree.delete(filename);
  }
}
