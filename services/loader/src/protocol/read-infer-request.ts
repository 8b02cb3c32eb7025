import { Worker } from 'node:worker_threads';
import { AppError, type ErrorCode } from '@caissa/shared/errors';
import { type InferRequest, parseInferRequest } from './infer-request.js';

/** To the thread. */
export interface ParseRequest {
  readonly id: number;
  readonly body: Uint8Array;
  readonly headerLength: string | undefined;
}

/** From the thread: the request, or why it is refused. */
export type ParseReply = { readonly id: number } & (
  | { readonly request: InferRequest }
  | { readonly code: ErrorCode; readonly message: string }
);

interface Waiting {
  resolve(request: InferRequest): void;
  reject(error: Error): void;
}

/** JSON of this size is read in about 10 ms; a thread would not be worth its while for less. */
const READ_HERE_BYTES = 1 << 20;

/** Compiled code, seen alike from the sources and from what they compile to: a thread cannot run TypeScript. */
const PROGRAM = new URL('../../dist/protocol/infer-thread.js', import.meta.url);

/** Reads bodies one after the other. It is started by the first one, for most clients send binary tensors. */
class ParsingThread {
  readonly #worker = new Worker(PROGRAM);
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(onLost: () => void) {
    this.#worker.on('message', (reply: ParseReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('request' in reply) waiting?.resolve(reply.request);
      else waiting?.reject(new AppError(reply.code, reply.message));
    });
    this.#worker.on('error', (error) => {
      onLost();
      for (const { reject } of this.#waiting.values())
        reject(new Error('large bodies cannot be read', { cause: error }));
    });
    this.#worker.unref();
  }

  parse(body: Buffer, headerLength: string | undefined): Promise<InferRequest> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, body, headerLength } satisfies ParseRequest, [body.buffer as ArrayBuffer]);
    });
  }
}

let thread: ParsingThread | undefined;

/**
 * Reads a request for inference as {@link parseInferRequest} does, without holding up others if that takes long.
 * @param body in memory of its own, which is lost to the caller
 * @throws AppError INVALID_BODY, NOT_OFFERED
 */
export async function readInferRequest(body: Buffer, headerLength: string | undefined): Promise<InferRequest> {
  const jsonBytes = headerLength === undefined ? body.length : Number(headerLength);
  // What is not a number, or beyond the body, is refused at once.
  if (!(jsonBytes > READ_HERE_BYTES && jsonBytes <= body.length)) return parseInferRequest(body, headerLength);
  thread ??= new ParsingThread(() => {
    thread = undefined;
  });
  return thread.parse(body, headerLength);
}
