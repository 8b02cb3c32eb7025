import { RequestThread } from '@caissa/bytes';
import { AppError, isErrorCode } from '@caissa/shared/errors';
import { type InferRequest, parseInferRequest } from './infer-request.js';

/** To the thread. */
export interface ParseRequest {
  readonly body: Uint8Array;
  readonly headerLength: string | undefined;
}

/** JSON of this size is read in about 10 ms; a thread would not be worth its while for less. */
const READ_HERE_BYTES = 1 << 20;

/** Compiled code, seen alike from the sources and from what they compile to: a thread cannot run TypeScript. */
const PROGRAM = new URL('../../dist/protocol/infer-thread.js', import.meta.url);

/** Started by the first large body, for most clients send binary tensors. */
let thread: RequestThread<ParseRequest, InferRequest> | undefined;

/**
 * Reads a request for inference as {@link parseInferRequest} does, without holding up others if that takes long.
 * @param body in memory of its own, which is lost to the caller
 * @throws AppError INVALID_BODY, NOT_OFFERED
 */
export async function readInferRequest(body: Buffer, headerLength: string | undefined): Promise<InferRequest> {
  const jsonBytes = headerLength === undefined ? body.length : Number(headerLength);
  // What is not a number, or beyond the body, is refused at once.
  if (!(jsonBytes > READ_HERE_BYTES && jsonBytes <= body.length)) return parseInferRequest(body, headerLength);
  if (thread === undefined || thread.isLost) thread = new RequestThread(PROGRAM);
  return thread.ask({ body, headerLength }, [body.buffer as ArrayBuffer]).catch((error: NodeJS.ErrnoException) => {
    const { code = '', message } = error;
    throw isErrorCode(code) ? new AppError(code, message) : error;
  });
}
