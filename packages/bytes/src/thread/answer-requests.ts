import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer, ThreadError } from './request-thread.js';

/** The thread's side of `RequestThread`: computes a reply to each request, in their order. */
export function answerRequests<Request, Reply>(reply: (request: Request) => Reply): void {
  const answer = (request: Request): ThreadAnswer<Reply> => {
    try {
      return { reply: reply(request) };
    } catch (thrown) {
      return { error: toThreadError(thrown) };
    }
  };
  parentPort?.on('message', (request: Request) => parentPort?.postMessage(answer(request)));
}

function toThreadError(thrown: unknown): ThreadError {
  const { message, code, syscall }: NodeJS.ErrnoException =
    thrown instanceof Error ? thrown : new Error(String(thrown));
  return { message, ...(code === undefined ? {} : { code }), ...(syscall === undefined ? {} : { syscall }) };
}
