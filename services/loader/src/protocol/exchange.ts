import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Registry } from 'prom-client';
import type { InferenceEngine } from '../inference/engine.js';
import type { Answer } from './answer.js';

/** A request that is to be answered, with what its handler may use. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly engine: InferenceEngine;
  /** Whether this replica can answer positions. */
  readonly ready: () => boolean;
  readonly metrics: Registry | undefined;
  /** The named segments of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** Reads the body, decompressed. @throws AppError BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_BODY, OVERLOADED */
  readBody(limitBytes?: number): Promise<Buffer>;
}

/** Answers one kind of request. @throws AppError */
export type Handler = (exchange: Exchange) => Answer | Promise<Answer>;

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
