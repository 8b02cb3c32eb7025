import type { IncomingMessage } from 'node:http';
import { AppError } from '../errors/app-error.js';

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)([^#]*)/i;

/**
 * Turns a target in absolute form, such as `GET http://host/path`, into its path. Its host then counts in place of the
 * `Host` header. Source: RFC 9112 section 3.2.2.
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = '/', headers } = request;
  if (url.startsWith('/')) return;
  const [, host, path = ''] = ABSOLUTE_FORM.exec(url) ?? [];
  if (host === undefined) return;
  request.url = path.startsWith('/') ? path : `/${path}`;
  headers.host = host;
}

/** Refuses what Node would refuse without a word, were it asked to. @throws AppError INVALID_REQUEST, EXPECTATION_FAILED */
export function checkHead({ httpVersion, headers }: IncomingMessage): void {
  if (httpVersion === '1.1' && headers.host === undefined) {
    throw new AppError('INVALID_REQUEST', 'A request of HTTP/1.1 must have a Host header.');
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw new AppError('EXPECTATION_FAILED', 'Only "Expect: 100-continue" can be met; leave the header out.');
  }
}
