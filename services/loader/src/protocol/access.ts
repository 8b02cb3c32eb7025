import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { INTERNAL_TOKEN_HEADER } from '@caissa/redis';
import { AppError } from '@caissa/shared/errors';
import { isLoopback, isSentToLoopback } from '@caissa/shared/http';

/** A token that is not the known one makes the known one be read again, but not more often than this. */
const REREAD_INTERVAL_MS = 1_000;

/** Who may reach the server. */
export interface AccessOptions {
  /** Address it listens on. */
  readonly host: string;
  readonly allowAnonymous: boolean;
  /** Reads the secret that services of this system share. */
  readonly readToken: () => Promise<string>;
}

/**
 * Guards the port of a loader. On this machine alone it is open, except to web pages, which a browser lets send requests
 * there. Where others can reach it, only services that know the internal token may ask; users go through the API.
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #onlyThisMachine: boolean;
  /** The last `Host` that was this machine. */
  #localHost: string | undefined;
  #digest: Buffer | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#onlyThisMachine = isLoopback(options.host);
  }

  /** Lets a request pass, at once where nothing has to be looked up. @throws AppError UNAUTHENTICATED, FORBIDDEN */
  check(request: IncomingMessage): void | Promise<void> {
    if (this.#onlyThisMachine) this.#refusePages(request);
    else if (!this.#options.allowAnonymous) {
      const token = request.headers[INTERNAL_TOKEN_HEADER];
      if (typeof token !== 'string' || token === '') throw refused();
      if (!this.#isKnown(token)) return this.#checkAgain(token);
    }
  }

  /** A page may send requests to this machine, or make its own name point to it; it cannot hide that it did. */
  #refusePages(request: IncomingMessage): void {
    const { host, origin } = request.headers;
    if (origin === undefined) {
      if (host === this.#localHost) return;
      if (isSentToLoopback(request)) {
        this.#localHost = host;
        return;
      }
    }
    throw new AppError('FORBIDDEN', 'This port is for programs on this machine; web pages and others use the API.');
  }

  /** After the loss of Redis the services agree on a new token. */
  async #checkAgain(token: string): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#readAtMs >= REREAD_INTERVAL_MS) {
      this.#readAtMs = nowMs;
      this.#digest = digestOf(await this.#options.readToken());
    }
    if (!this.#isKnown(token)) throw refused();
  }

  #isKnown(token: string): boolean {
    return this.#digest !== undefined && timingSafeEqual(digestOf(token), this.#digest);
  }
}

function refused(): AppError {
  return new AppError('UNAUTHENTICATED', 'This port is for services of this system; use the API with an access key.');
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
