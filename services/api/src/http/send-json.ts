import type { OutgoingHttpHeaders } from 'node:http';
import type { Request, Response } from 'express';
import type { JsonText } from './json-text.js';
import { failedPrecondition } from './preconditions.js';

const TYPE = { 'Content-Type': 'application/json; charset=utf-8' };

/** Sends the reply to a request that may have changed something, or a refusal: nobody keeps it. */
export function sendOnce(response: Response, status: number, headers: OutgoingHttpHeaders, text: JsonText): void {
  send(response, status, { 'Cache-Control': 'no-store', ...headers }, text.below(response.req.basePath).plain);
}

/**
 * Sends what was read. A client keeps it, asks each time whether it is still so, and gets 304 if it is. Long texts are
 * compressed for those who take gzip: they hold no secret, and nothing that the sender of the request has chosen, from which
 * their length could let somebody guess one.
 */
export async function sendRead(response: Response, headers: OutgoingHttpHeaders, read: JsonText): Promise<void> {
  const { req: request } = response;
  const text = read.below(request.basePath);
  const kept = { 'Cache-Control': 'private, no-cache', ETag: text.tag, ...headers };
  if (text.isLong) response.vary('Accept-Encoding');
  if (failedPrecondition(request.headers, { tag: text.tag }) === 304) response.writeHead(304, kept).end();
  else if (text.isLong && takesGzip(request)) {
    send(response, 200, { ...kept, 'Content-Encoding': 'gzip' }, await text.compressed());
  } else send(response, 200, kept, text.plain);
}

function takesGzip(request: Request): boolean {
  return request.headers['accept-encoding'] !== undefined && request.acceptsEncodings('gzip', 'identity') === 'gzip';
}

function send(response: Response, status: number, headers: OutgoingHttpHeaders, body: Buffer): void {
  response.writeHead(status, { ...TYPE, ...headers, 'Content-Length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
