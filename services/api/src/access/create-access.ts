import { type RequestHandler, type Response, Router } from 'express';
import type { ApiContext } from '../context.js';
import type { Caller } from '../http/route.js';
import type { AccessKeys } from './access-keys.js';

/** What decides who may do what. Refusals are passed on as AppErrors, for the one place that writes problem documents. */
export interface Access {
  /** Security headers, CORS, and the refusal of foreign hosts and origins. To stand before every route. */
  readonly guards: RequestHandler[];
  /** `/api/session` and `/sign-in`. To be mounted at the root, after the guards. */
  readonly router: Router;
  /** Lets callers of at least this role on, within their rate: 401, 403 or 429 otherwise. */
  allow(role: Caller['role']): RequestHandler[];
  /** As `allow`, for pages: a browser that is not signed in is sent to the sign-in page. */
  allowPage(role: Caller['role']): RequestHandler[];
}

/** Who sent the request, as the handlers of {@link Access} found out. */
export function callerOf(response: Response): Caller {
  return response.locals['caller'] as Caller;
}

/** Puts together access by key and by session, rate limits and protection against foreign pages. */
export function createAccess(_context: Pick<ApiContext, 'settings' | 'logger' | 'jobs'>, _keys: AccessKeys): Access {
  return { guards: [], router: Router(), allow: () => [], allowPage: () => [] };
}
