import type { PendingRequest, Piece } from './pending-request.js';

/**
 * Requests in the order of their turns. One that is larger than a batch goes back to the end after each piece, so that
 * it holds up others by one batch at most; one that fits into a batch is never cut.
 */
export class RequestQueue {
  readonly #requests = new Set<PendingRequest>();
  #positions = 0;

  /** Requests that wait, wholly or in part. */
  get requests(): number {
    return this.#requests.size;
  }

  /** Positions that wait. */
  get positions(): number {
    return this.#positions;
  }

  /** When the request whose turn is next came, in milliseconds as `performance.now()` counts; nothing if none waits. */
  get oldestMs(): number | undefined {
    return this.#first?.createdMs;
  }

  add(request: PendingRequest): void {
    this.#requests.add(request);
    this.#positions += request.waiting;
  }

  /** Takes a request out, if it is still there. */
  remove(request: PendingRequest): void {
    if (this.#requests.delete(request)) this.#positions -= request.waiting;
  }

  /** Takes the next batch: pieces until they hold `wanted` positions or the next would make them more than `limit`. */
  take(wanted: number, limit: number): Piece[] {
    const pieces: Piece[] = [];
    let size = 0;
    for (let request = this.#first; request !== undefined && size < wanted; request = this.#first) {
      const count = Math.min(request.waiting, limit);
      if (size + count > limit) break;
      this.remove(request);
      pieces.push(request.take(count));
      size += count;
      if (request.waiting > 0) this.add(request);
    }
    return pieces;
  }

  /** Empties the queue; returns what was in it. */
  clear(): PendingRequest[] {
    const requests = [...this.#requests];
    this.#requests.clear();
    this.#positions = 0;
    return requests;
  }

  get #first(): PendingRequest | undefined {
    return this.#requests.values().next().value;
  }
}
