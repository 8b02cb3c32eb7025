import type { IncomingMessage, ServerResponse } from 'node:http';
import { roundedInteger } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import { bodyTooLarge, checkJsonBounds } from '@caissa/shared/http';
import { contentTypeOf, hasBody, openBody } from './request-body.js';

/** How large a JSON body may be. */
export interface BodyLimits {
  readonly bytes: number;
  /** Values in all: arrays and objects, and what is in them. */
  readonly values: number;
}

/** Enough for requests that say little. Others state their own. */
const USUAL_LIMITS: BodyLimits = { bytes: 16 << 10, values: 1_000 };

/** Beyond this, code that walks the value by recursion would be at risk. Metadata has a lower limit of its own. */
const JSON_LIMIT_DEPTH = 64;

/** Longest time a client may take to send a JSON body. */
const JSON_TIMEOUT_MS = 30_000;

const MAX_SHOWN_DIGITS = 40;

/**
 * Reads a JSON body; no body is `undefined`.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, INVALID_BODY
 */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  limits = USUAL_LIMITS,
): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  if (!/^application\/([a-z0-9.+-]+\+)?json$/.test(contentTypeOf(request))) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON, sent as Content-Type: application/json.');
  }
  if (Number(request.headers['content-length'] ?? 0) > limits.bytes) throw bodyTooLarge(limits.bytes);
  const bytes = await collect(openBody(request, response), limits.bytes);
  if (bytes.length === 0) return undefined;
  checkJsonBounds(bytes, { depth: JSON_LIMIT_DEPTH, values: limits.values });
  const text = decode(bytes);
  const value = parse(text);
  const rounded = roundedInteger(text);
  if (rounded !== undefined) {
    const integer = rounded.slice(0, MAX_SHOWN_DIGITS);
    throw new AppError('INVALID_BODY', `The integer ${integer} is too large to be kept exactly: send it as text.`);
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError('INVALID_BODY', 'The body is not valid JSON.');
  }
}

async function collect(body: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const timer = setTimeout(() => body.socket.destroy(), JSON_TIMEOUT_MS);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    // Leaving the loop early must not destroy the request: its connection still carries the response.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) throw bodyTooLarge(limitBytes);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AppError('INVALID_BODY', 'The body is not valid UTF-8.');
  }
}
