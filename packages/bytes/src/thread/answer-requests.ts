import { parentPort, type Transferable } from 'node:worker_threads';
import type { ThreadAnswer, ThreadError } from './request-thread.js';

/**
 * The thread's side of `RequestThread`: computes a reply to each request, in their order.
 * @param transferOf memory that moves to the asker with a reply, which is not copied then
 */
export function answerRequests<Request, Reply>(
  reply: (request: Request) => Reply,
  transferOf: (reply: Reply) => Transferable[] = () => [],
): void {
  parentPort?.on('message', (request: Request) => {
    let answer: ThreadAnswer<Reply>;
    let transfer: Transferable[] = [];
    try {
      answer = { reply: reply(request) };
      transfer = transferOf(answer.reply);
    } catch (thrown) {
      answer = { error: toThreadError(thrown) };
    }
    parentPort?.postMessage(answer, transfer);
  });
}

function toThreadError(thrown: unknown): ThreadError {
  const { message, code, syscall }: NodeJS.ErrnoException =
    thrown instanceof Error ? thrown : new Error(String(thrown));
  return { message, ...(code === undefined ? {} : { code }), ...(syscall === undefined ? {} : { syscall }) };
}
