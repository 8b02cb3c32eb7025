import type { CookieOptions, Request, Response } from 'express';
import { SESSION_SECONDS } from './sessions.js';

/** Name of the cookie that carries a session. */
export const SESSION_COOKIE = 'caissa_session';

/** Reads the session id that a browser sent, if any. Source: RFC 6265, section 5.4. */
export function readSessionCookie(request: Pick<Request, 'headers'>): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === SESSION_COOKIE) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** Gives the browser a session. */
export function setSessionCookie(request: Request, response: Response, id: string): void {
  response.cookie(SESSION_COOKIE, id, { ...attributes(request), maxAge: SESSION_SECONDS * 1000 });
}

/** Takes the session from the browser. */
export function clearSessionCookie(request: Request, response: Response): void {
  response.clearCookie(SESSION_COOKIE, attributes(request));
}

function attributes(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'strict', path: '/', secure: isHttps(request) };
}

/**
 * Whether the browser speaks TLS, here or with a proxy in front. What a client claims about itself is good enough: a
 * wrong claim only keeps its own cookie from working.
 */
function isHttps(request: Request): boolean {
  return (
    request.secure ||
    request.headers.origin?.startsWith('https://') === true ||
    request.headers['x-forwarded-proto'] === 'https'
  );
}
