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

/**
 * The keys in the headers of a request. `Authorization` of another scheme than Bearer, such as Basic, is between a
 * browser and a proxy that asked for it. Source: RFC 6750, section 2.1.
 */
function presentedKeys({ headers }: Request): string[] {
  const keys: string[] = [];
  const [scheme = '', ...token] = (headers.authorization ?? '').trim().split(/ +/);
  if (scheme.toLowerCase() === 'bearer') keys.push(token.join(' '));
  const header = headers['x-api-key'];
  if (header !== undefined) keys.push(String(header));
  return keys;
}

/**
 * Identifies who sent a request: by the first key that is one of ours, of `Authorization: Bearer` and `X-API-Key`, else
 * by its session. A key that is not ours is refused only where nothing else is right, because proxies that sign people
 * in pass on Bearer tokens and keys of their own. A change that relies on a session must prove that one of our own pages
 * sent it, because `SameSite` lets pages of other ports of the same host through.
 * @throws AppError REDIS_UNAVAILABLE where a session has to be looked up
 */
export async function identify(
  request: Request,
  keys: AccessKeys,
  sessions: Sessions,
  listedOrigins: ApiSettings['CORS_ORIGINS'],
): Promise<Identity> {
  if (!keys.required) return { kind: 'known', caller: ANONYMOUS };
  const presented = presentedKeys(request);
  for (const key of presented) {
    const caller = keys.find(key);
    if (caller) return { kind: 'known', caller };
  }
  const sessionId = readSessionCookie(request);
  const caller = sessionId === undefined ? undefined : await sessions.find(sessionId);
  if (!caller) return { kind: presented.length > 0 ? 'wrong-key' : 'missing' };
  if (changesState(request) && pageOrigin(request, listedOrigins) !== 'same') return { kind: 'foreign-session' };
  return { kind: 'known', caller };
}
