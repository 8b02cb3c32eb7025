import type { Request } from 'express';
import type { ApiSettings } from '../context.js';
import type { Caller } from '../http/route.js';
import { changesState, pageOrigin } from './foreign-pages.js';
import type { AccessKeys } from './key-ring.js';
import type { Sessions } from './sessions.js';
import { readSessionCookie } from './sessions.js';

/** What the credentials of a request say. */
export type Identity =
  | { readonly kind: 'known'; readonly caller: Caller }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong-key' }
  /** A session that did not come from one of our own pages. */
  | { readonly kind: 'foreign-session' };

/** The caller where no keys are configured. */
const ANONYMOUS: Caller = { name: 'anonymous', role: 'operator' };

/** The key in the headers of a request, if any. A scheme other than Bearer counts as a wrong key. RFC 6750, section 2.1. */
function presentedKey(request: Request): string | undefined {
  const { authorization } = request.headers;
  const header = request.headers['x-api-key'];
  if (authorization !== undefined) return /^Bearer +([^\s]+)$/i.exec(authorization.trim())?.[1] ?? '';
  return Array.isArray(header) ? '' : header;
}

/**
 * Identifies who sent a request. A key takes precedence over a session; a change that relies on a session must prove
 * that one of our own pages sent it, because `SameSite` lets pages of other ports of the same host through.
 * @throws AppError REDIS_UNAVAILABLE where a session has to be looked up
 */
export async function identify(
  request: Request,
  keys: AccessKeys,
  sessions: Sessions,
  settings: Pick<ApiSettings, 'CORS_ORIGINS'>,
): Promise<Identity> {
  if (!keys.required) return { kind: 'known', caller: ANONYMOUS };
  const key = presentedKey(request);
  if (key !== undefined) {
    const caller = keys.find(key);
    return caller ? { kind: 'known', caller } : { kind: 'wrong-key' };
  }
  const sessionId = readSessionCookie(request);
  const caller = sessionId === undefined ? undefined : await sessions.find(sessionId);
  if (!caller) return { kind: 'missing' };
  if (changesState(request) && pageOrigin(request, settings.CORS_ORIGINS) !== 'same')
    return { kind: 'foreign-session' };
  return { kind: 'known', caller };
}
