import type { IncomingMessage, ServerResponse } from 'node:http';
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
