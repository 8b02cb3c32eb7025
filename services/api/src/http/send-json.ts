import type { OutgoingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { JsonText } from './json-text.js';
import { failedPrecondition } from './preconditions.js';

const TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** Sends the reply to a request that may have changed something, or a refusal: nobody keeps it. */
export function sendOnce(response: Response, status: number, headers: OutgoingHttpHeaders, text: JsonText): void {
  const { plain } = text.below(response.req.basePath);
  const size = { 'Content-Length': String(plain.length) };
  end(response.status(status).set({ ...TYPE, 'Cache-Control': 'no-store', ...headers, ...size }), plain);
}

/**
 * Sends what was read. A client keeps it, asks each time whether it is still so, and gets 304 if it is. Long texts are
 * compressed for those who take gzip: they hold no secret, and nothing that the sender of the request has chosen, from which
 * their length could let somebody guess one.
 */
export async function sendRead(response: Response, headers: OutgoingHttpHeaders, read: JsonText): Promise<void> {
  const { req: request } = response;
  const text = read.below(request.basePath);
  response.set({ ...TYPE, 'Cache-Control': 'private, no-cache', ETag: text.tag, ...headers });
  if (text.isLong) response.vary('Accept-Encoding');
  if (failedPrecondition(request.headers, { tag: text.tag }) === 304) {
    response.removeHeader('Content-Type');
    response.status(304).end();
    return;
  }
  const isCompressed = text.isLong && takesGzip(request);
  if (isCompressed) response.set('Content-Encoding', 'gzip');
  const body = isCompressed ? await text.compressed() : text.plain;
  end(response.set('Content-Length', String(body.length)), body);
}

function takesGzip(request: Request): boolean {
  return request.headers['accept-encoding'] !== undefined && request.acceptsEncodings('gzip', 'identity') === 'gzip';
}

function end(response: Response, body: Buffer): void {
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
