import { parentPort } from 'node:worker_threads';
import { AppError } from '@caissa/shared/errors';
import { parseInferRequest } from './infer-request.js';
import type { ParseReply, ParseRequest } from './read-infer-request.js';

// The program of the thread that reads large JSON bodies, so that those who send small ones need not wait.

function answer({ id, body, headerLength }: ParseRequest): ParseReply {
  try {
    return { id, request: parseInferRequest(Buffer.from(body.buffer, body.byteOffset, body.length), headerLength) };
  } catch (error) {
    return error instanceof AppError
      ? { id, code: error.code, message: error.message }
      : { id, code: 'INTERNAL', message: String(error) };
  }
}

parentPort?.on('message', (request: ParseRequest) => {
  const reply = answer(request);
  parentPort?.postMessage(reply, 'request' in reply ? [reply.request.boards.buffer as ArrayBuffer] : []);
});
