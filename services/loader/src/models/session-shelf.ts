import type { Session } from '@caissa/session';

/** A session that nobody asked for in this time is ended, so that its memory is free again. */
const EXPIRES_AFTER_MS = 10 * 60_000;

interface Shelved {
  readonly session: Session;
  readonly timer: NodeJS.Timeout;
}

/**
 * Sessions of models that were active until lately, by the SHA-256 of their checkpoint. Going back to one of them, the
 * commonest thing to do after a bad activation, opens nothing.
 */
export class SessionShelf {
  readonly #capacity: () => number;
  readonly #expiresAfterMs: number;
  /** Oldest first. */
  readonly #shelved = new Map<string, Shelved>();
  readonly #closing = new Set<Promise<void>>();

  /** @param capacity sessions that may be kept at the moment */
  constructor(capacity: () => number, expiresAfterMs = EXPIRES_AFTER_MS) {
    this.#capacity = capacity;
    this.#expiresAfterMs = expiresAfterMs;
  }

  /** Sessions that are kept. */
  get size(): number {
    return this.#shelved.size;
  }

  /** Keeps an idle session, in place of the one of the same model, and ends those that are too many. */
  put(sha256: string, session: Session): void {
    this.#end(sha256);
    const timer = setTimeout(() => this.#end(sha256), this.#expiresAfterMs);
    timer.unref();
    this.#shelved.set(sha256, { session, timer });
    void session.exited.then(() => this.#forget(sha256, session));
    this.trim();
  }

  /** Hands a session over; the caller ends it. */
  take(sha256: string): Session | undefined {
    const session = this.#shelved.get(sha256)?.session;
    if (session !== undefined) this.#forget(sha256, session);
    return session;
  }

  /** Ends the oldest sessions until no more than the capacity are left. */
  trim(): void {
    const surplus = this.#shelved.size - Math.max(this.#capacity(), 0);
    for (const sha256 of [...this.#shelved.keys()].slice(0, Math.max(surplus, 0))) this.#end(sha256);
  }

  /** Ends every session; settles when their processes have ended. */
  async clear(): Promise<void> {
    for (const sha256 of [...this.#shelved.keys()]) this.#end(sha256);
    await Promise.all(this.#closing);
  }

  #end(sha256: string): void {
    const session = this.take(sha256);
    if (session === undefined) return;
    const closed = session.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  #forget(sha256: string, session: Session): void {
    const shelved = this.#shelved.get(sha256);
    if (shelved?.session !== session) return;
    clearTimeout(shelved.timer);
    this.#shelved.delete(sha256);
  }
}
