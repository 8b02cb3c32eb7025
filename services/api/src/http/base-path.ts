import type { IncomingMessage } from 'node:http';
import { isLoopback } from '@caissa/shared/http';
import { parseBasePath } from '@caissa/shared/settings';
import type { Request, RequestHandler } from 'express';
import { isTrustedProxy } from './trusted-proxies.js';

declare module 'node:http' {
  interface IncomingMessage {
    /** The path before every address of ours as this client knows them: `/caissa`, or `''` at the root of a host. */
    basePath: string;
  }
}

/** What has to be known of a client to give it addresses. */
export type Client = Pick<IncomingMessage, 'basePath'>;

/**
 * Notes below which path a client sees the API, and takes that off the address of the request unless the proxy has done
 * so already: behind it every path begins at the root, and what is sent to the client goes through {@link addressFor}
 * or {@link withBasePath}. Mount it before everything else.
 */
export function enterBasePath(configured: string): RequestHandler {
  return (request, response, next) => {
    const basePath = configured || toldPrefix(request);
    request.basePath = basePath;
    const rest = request.url.slice(basePath.length);
    if (basePath === '' || !request.url.startsWith(basePath)) next();
    else if (rest.startsWith('/')) {
      request.url = rest;
      request.originalUrl = rest;
      next();
    } else if (rest === '' || rest.startsWith('?')) response.redirect(308, `${basePath}/${rest}`);
    else next();
  };
}

/**
 * What a trusted proxy, or one on this machine, says that it has taken off; `''` if none does. That it runs here is
 * enough, because what it says changes nothing but the addresses in the answer that it gets.
 */
function toldPrefix({ app, socket: { remoteAddress = '' }, headers }: Request): string {
  const told = headers['x-forwarded-prefix'];
  if (typeof told !== 'string' || !(isLoopback(remoteAddress) || isTrustedProxy(app, remoteAddress))) return '';
  return parseBasePath(told) ?? '';
}

/** The address of a path of ours for the client that sent a request. Addresses elsewhere are left as they are. */
export function addressFor({ basePath }: Client, path: string): string {
  return path.startsWith('/') ? `${basePath}${path}` : path;
}

/** Addresses of ours in JSON, each the whole value of a field. */
const ADDRESSES = /"(type|self|events|download|download_url|status_url|events_url)":"(?=\/api\/)/g;

/** JSON with the addresses in it for the client that sent a request. */
export function withBasePath({ basePath }: Client, json: string): string {
  return basePath === '' ? json : json.replace(ADDRESSES, `"$1":"${basePath}`);
}
