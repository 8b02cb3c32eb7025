import { AppError } from '@caissa/shared/errors';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { ApiContext } from '../context.js';
import { addressFor } from '../http/base-path.js';
import { servePageFiles } from '../http/own-pages.js';
import type { Caller } from '../http/route.js';
import { refuseForeignPages } from './foreign-pages.js';
import { type Identity, identify } from './identify.js';
import { type AccessKeys, keyHolder } from './key-ring.js';
import { limitStreams } from './limit-streams.js';
import { addressOf, limitRequests, limitWrongKeys } from './rate-limit.js';
import { crossOriginHeaders, securityHeaders } from './security-headers.js';
import { createSessionRoutes } from './session-routes.js';
import { Sessions } from './sessions.js';
import { createSignInPage, signInAddress } from './sign-in-page.js';

/** Decides who may do what. Refusals are passed on as AppErrors, for the one place that writes problem documents. */
export interface Access {
  /** Security headers, CORS, and the refusal of foreign hosts and origins. Mount them before every route. */
  readonly guards: RequestHandler[];
  /** `/api/session`, `/sign-in` and the files of our own pages. Mount it at the root, after the guards. */
  readonly router: Router;
  /** Lets callers of at least this role through, within their rate limit; otherwise 401, 403 or 429. */
  allow(role: Caller['role']): RequestHandler[];
  /** As `allow`, at any rate and, with an access key, without asking Redis. */
  allowUncounted(role: Caller['role']): RequestHandler[];
  /** Refuses event streams beyond what one key or address may hold open. Mount it behind `allow`. */
  readonly limitStreams: RequestHandler;
  /** As `allow`, for pages: a browser that is not signed in is sent to the sign-in page. */
  allowPage(role: Caller['role']): RequestHandler[];
}

/** Who sent a request, kept with its response. */
const identities = new WeakMap<Response, Identity>();

function identityOf(response: Response): Identity {
  return identities.get(response) ?? { kind: 'missing' };
}

function callerIfKnown(response: Response): Caller | undefined {
  const identity = identityOf(response);
  return identity.kind === 'known' ? identity.caller : undefined;
}

/** Who sent the request, as the handlers of {@link Access} found out. Call it only behind them. */
export function callerOf(response: Response): Caller {
  const caller = callerIfKnown(response);
  if (!caller) throw new Error('callerOf was asked about a request that nobody let on');
  return caller;
}

/** Puts together access by key and by session, rate limits and protection against foreign pages. */
export function createAccess(context: Pick<ApiContext, 'settings' | 'logger' | 'jobs'>, keys: AccessKeys): Access {
  const { settings, jobs } = context;
  const sessions = new Sessions(jobs.redis, jobs.keys, keys);
  const wrongKeys = limitWrongKeys(context);
  const findCaller: RequestHandler = async (request, response, next) => {
    identities.set(response, await identify(request, keys, sessions, settings.CORS_ORIGINS));
    next();
  };
  const who = (request: Request, response: Response) => {
    const caller = keys.required ? callerIfKnown(response) : undefined;
    return caller ? keyHolder(caller.name) : addressOf(request);
  };
  const countRequest = limitRequests(context, who);
  const refuseWrongKey: RequestHandler = (request, response, next) =>
    wrongKeys(request, response, (error?: unknown) => next(error ?? unauthenticated(response, 'wrong-key')));
  const refuseStrangers: RequestHandler = (request, response, next) => {
    const identity = identityOf(response);
    if (identity.kind === 'known') next();
    else if (identity.kind === 'wrong-key') return refuseWrongKey(request, response, next);
    else next(unauthenticated(response, 'missing'));
  };
  const recognise = [findCaller, countRequest];
  const router = Router();
  router.use(createSessionRoutes({ keys, sessions, recognise, callerIfKnown, refuseWrongKey, refuseForeignSession }));
  router.use(createSignInPage(), servePageFiles());
  return {
    guards: [
      ...securityHeaders(),
      ...crossOriginHeaders(settings.CORS_ORIGINS),
      refuseForeignPages(settings, keys.required),
    ],
    router,
    limitStreams: limitStreams({ perClient: settings.MAX_EVENT_STREAMS, who, keys }),
    allow: (role) => [...recognise, refuseForeignSession, refuseStrangers, requireRole(role)],
    allowUncounted: (role) => [findCaller, refuseForeignSession, refuseStrangers, requireRole(role)],
    allowPage: (role) => [...recognise, sendToSignIn, refuseForeignSession, refuseStrangers, requireRole(role)],
  };
}

function requireRole(role: Caller['role']): RequestHandler {
  return (_request, response, next) => {
    if (role === 'viewer' || callerOf(response).role === 'operator') next();
    else
      next(
        new AppError(
          'FORBIDDEN',
          'This needs an access key of the role operator; the one that was sent is a viewer’s.',
        ),
      );
  };
}

const sendToSignIn: RequestHandler = (request, response, next) => {
  const page = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
  const { kind } = identityOf(response);
  // A browser that opens a page sends no key: one that comes along is of a proxy in between.
  if (!page || (kind !== 'missing' && kind !== 'wrong-key')) next();
  else {
    const address = addressFor(request, signInAddress(request.originalUrl));
    response.set('Cache-Control', 'no-store').redirect(303, address);
  }
};

/** RFC 6750, section 3: an error is named only to those who tried a key. */
function unauthenticated(response: Response, kind: 'missing' | 'wrong-key'): AppError {
  response.setHeader('WWW-Authenticate', kind === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"');
  return new AppError(
    'UNAUTHENTICATED',
    kind === 'missing'
      ? 'An access key is needed: send it as Authorization: Bearer … or X-API-Key, or sign in at /sign-in.'
      : 'The access key is not one of this server’s.',
  );
}

const refuseForeignSession: RequestHandler = (_request, response, next) => {
  if (identityOf(response).kind !== 'foreign-session') next();
  else {
    next(
      new AppError('FORBIDDEN', 'A session can only be used from pages of this server; send an access key instead.'),
    );
  }
};
