import type { ServerResponse } from 'node:http';

/** A signal that is aborted when the client goes away, or when `stopping` is. */
export function signalOf(response: ServerResponse, stopping?: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  stopping?.addEventListener('abort', abort);
  response.once('close', () => {
    stopping?.removeEventListener('abort', abort);
    if (!response.writableFinished) abort();
  });
  if (stopping?.aborted || (response.closed && !response.writableFinished)) abort();
  return controller.signal;
}
