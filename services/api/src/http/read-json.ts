import type { IncomingMessage, ServerResponse } from 'node:http';
import { roundedInteger } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import { contentTypeOf, hasBody, openBody } from './request-body.js';

/** Largest JSON body; metadata, the largest part of one, has a lower limit of its own. */
const JSON_LIMIT_BYTES = 1 << 20;

/** Beyond this, code that walks the value by recursion would be at risk. Metadata has a lower limit of its own. */
const JSON_LIMIT_DEPTH = 64;

/** Longest time a client may take to send a JSON body. */
const JSON_TIMEOUT_MS = 30_000;

const MAX_SHOWN_DIGITS = 40;

/**
 * Reads a JSON body; no body is `undefined`.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, INVALID_BODY
 */
export async function readJson(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  if (!/^application\/([a-z0-9.+-]+\+)?json$/.test(contentTypeOf(request))) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON, sent as Content-Type: application/json.');
  }
  if (Number(request.headers['content-length'] ?? 0) > JSON_LIMIT_BYTES) throw tooLarge();
  const bytes = await collect(openBody(request, response));
  if (bytes.length === 0) return undefined;
  const text = decode(bytes);
  if (isNestedDeeper(text, JSON_LIMIT_DEPTH)) {
    throw new AppError('INVALID_BODY', `The body is nested deeper than ${JSON_LIMIT_DEPTH} levels.`);
  }
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

async function collect(body: IncomingMessage): Promise<Buffer> {
  const timer = setTimeout(() => body.socket.destroy(), JSON_TIMEOUT_MS);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    // Leaving the loop early must not destroy the request: its connection still carries the response.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      sizeBytes += chunk.length;
      if (sizeBytes > JSON_LIMIT_BYTES) throw tooLarge();
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

function tooLarge(): AppError {
  return new AppError('BODY_TOO_LARGE', `A JSON body may have ${JSON_LIMIT_BYTES} bytes at most.`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Whether a JSON text nests arrays and objects deeper than `limit`. Looks at the text alone and does not recurse. */
export function isNestedDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (OPENING.has(code) && ++depth > limit) return true;
    else if (CLOSING.has(code)) depth--;
  }
  return false;
}
