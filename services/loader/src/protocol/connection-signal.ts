import type { Socket } from 'node:net';

const SIGNALS = new WeakMap<Socket, AbortSignal>();

/**
 * A signal that is aborted when a connection ends, after which nobody waits for the answer to a request that came by it.
 * One for all requests of a connection: making one takes longer than reading a small request.
 */
export function connectionSignal(socket: Socket): AbortSignal {
  const known = SIGNALS.get(socket);
  if (known !== undefined) return known;
  const controller = new AbortController();
  if (socket.destroyed) controller.abort();
  else socket.once('close', () => controller.abort());
  SIGNALS.set(socket, controller.signal);
  return controller.signal;
}
