import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../errors/app-error.js';
import { GrowingBuffer } from './growing-buffer.js';

/** Largest body of an inference request that is taken. */
export const BODY_LIMIT_BYTES = 64 << 20;

/** Bytes of bodies that may be held at once, all requests together. */
const HELD_LIMIT_BYTES = 512 << 20;

const NOTHING = Buffer.alloc(0);

/** The connection ended before the body did: nobody waits for an answer any more. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
  readonly code = 'ECONNRESET';
}

/** Reads bodies whole, of any media type, and bounds what all of them together take. */
export class BodyReader {
  readonly #limitBytes: number;
  #heldBytes = 0;

  /** @param limitBytes bytes of bodies that may be held at once */
  constructor(limitBytes = HELD_LIMIT_BYTES) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes that are held now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Reads a body as it was sent. It counts as held until its answer is sent.
   * @throws AppError BODY_TOO_LARGE, OVERLOADED; ClientGoneError
   */
  async read(request: IncomingMessage, response: ServerResponse, limitBytes = BODY_LIMIT_BYTES): Promise<Buffer> {
    const { headers } = request;
    const announced = headers['content-length'];
    if (announced === undefined && headers['transfer-encoding'] === undefined) return NOTHING;
    if (Number(announced ?? 0) > limitBytes) throw bodyTooLarge(limitBytes);
    if (headers.expect !== undefined) response.writeContinue();
    const hold = this.#holder(response);
    const gathered = new GrowingBuffer(Number(announced ?? limitBytes));
    await eachPiece(request, (piece) => {
      if (gathered.lengthBytes + piece.length > limitBytes) throw bodyTooLarge(limitBytes);
      hold(piece.length);
      gathered.add(piece);
    });
    return gathered.take();
  }

  /** Counts what will be made of a body as held too, until its answer is sent. @throws AppError OVERLOADED */
  hold(response: ServerResponse, sizeBytes: number): void {
    this.#holder(response)(sizeBytes);
  }

  /** How to count bytes that are held until an answer is sent. */
  #holder(response: ServerResponse): (sizeBytes: number) => void {
    let ownBytes = 0;
    response.once('close', () => {
      this.#heldBytes -= ownBytes;
    });
    return (sizeBytes) => {
      if (this.#heldBytes + sizeBytes > this.#limitBytes) {
        throw new AppError('OVERLOADED', 'Too many large requests are under way; try again in a moment.', {
          retryAfterSeconds: 1,
        });
      }
      ownBytes += sizeBytes;
      this.#heldBytes += sizeBytes;
    };
  }
}

/**
 * Hands over the pieces of a body as they arrive. An iterator over the request would take longer than a small request does.
 * @throws ClientGoneError, and what `take` throws
 */
function eachPiece(request: IncomingMessage, take: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (request.destroyed) throw new ClientGoneError('the connection ended before its body was read');
    const stop = () => request.off('data', onData).off('end', onEnd).off('close', onClose);
    const onData = (piece: Buffer) => {
      try {
        take(piece);
      } catch (error) {
        // What still comes is read and dropped, so that a client who sends all before reading gets the answer.
        stop().resume();
        reject(error);
      }
    };
    const onEnd = () => {
      stop();
      resolve();
    };
    const onClose = () => {
      stop();
      reject(new ClientGoneError('the connection ended before the body'));
    };
    request.on('data', onData).once('end', onEnd).once('close', onClose);
  });
}

/** The error of a body beyond a limit. */
export function bodyTooLarge(limitBytes: number): AppError {
  return new AppError('BODY_TOO_LARGE', `The body may have ${limitBytes} bytes at most.`);
}
