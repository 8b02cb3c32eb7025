import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@caissa/shared/errors';
import { hasBody } from '../http/request-body.js';

/** Largest body of an inference request, as the protocol's servers take it. */
const BODY_LIMIT_BYTES = 64 << 20;

/** Bodies that may be held at once, all requests together. */
const HELD_LIMIT_BYTES = 512 << 20;

/** A body that stops arriving is given up after this long. */
const IDLE_TIMEOUT_MS = 60_000;

/** Reads bodies whole, so that they can be sent to another replica if the first one fails, and bounds what all of them take. */
export class BodyReader {
  #heldBytes = 0;

  /**
   * Reads a body of any type; it counts as held until it is released.
   * @throws AppError BODY_TOO_LARGE, OVERLOADED
   */
  async read(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
    if (!hasBody(request)) return Buffer.alloc(0);
    if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) throw tooLarge();
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
    const { socket } = request;
    const giveUp = () => socket.destroy();
    socket.setTimeout(IDLE_TIMEOUT_MS, giveUp);
    let ownBytes = 0;
    const parts: Buffer[] = [];
    try {
      // Leaving the loop early must not destroy the request: its connection still carries the answer.
      for await (const part of request.iterator({ destroyOnReturn: false })) {
        ownBytes += part.length;
        this.#heldBytes += part.length;
        if (ownBytes > BODY_LIMIT_BYTES) throw tooLarge();
        if (this.#heldBytes > HELD_LIMIT_BYTES) throw overloaded();
        parts.push(part);
      }
    } catch (error) {
      this.#heldBytes -= ownBytes;
      throw error;
    } finally {
      socket.setTimeout(0);
      socket.off('timeout', giveUp);
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  /** Holds a body no longer. */
  release(body: Buffer): void {
    this.#heldBytes -= body.length;
  }
}

function tooLarge(): AppError {
  return new AppError('BODY_TOO_LARGE', `The body of a request may have ${BODY_LIMIT_BYTES} bytes at most.`);
}

function overloaded(): AppError {
  return new AppError('OVERLOADED', 'Too many large requests are under way; try again in a moment.', {
    retryAfterSeconds: 1,
  });
}
