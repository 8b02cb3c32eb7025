import { validateBody } from '@caissa/shared/http';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { onlyMethods } from '../http/only-methods.js';
import { readJson } from '../http/read-json.js';
import type { AccessKeys } from './key-ring.js';
import type { Sessions } from './sessions.js';
import { clearSessionCookie, readSessionCookie, setSessionCookie } from './sessions.js';

/** Anybody may send it. */
const SIGN_IN_LIMITS = { bytes: 4 << 10, values: 16 };

/** Body of `POST /api/session`. */
export const signInSchema = z.strictObject({ key: z.string().min(1).max(512) }).meta({ id: 'SignIn' });

/** Response of `/api/session`: who the caller is. */
export const sessionSchema = z
  .object({
    success: z.literal(true),
    authenticated: z.boolean().describe('Whether a key or a session was accepted.'),
    required: z.boolean().describe('Whether the API asks for access keys at all.'),
    name: z.string().nullable(),
    role: z.enum(['viewer', 'operator']).nullable(),
  })
  .meta({
    id: 'Session',
    example: { success: true, authenticated: true, required: true, name: 'web', role: 'viewer' },
  });

/** What the session routes need. */
export interface SessionRouteParts {
  readonly keys: AccessKeys;
  readonly sessions: Sessions;
  /** Identifies the caller and counts the request, but lets everybody through. */
  readonly recognise: RequestHandler[];
  readonly callerIfKnown: (response: Response) => { name: string; role: 'viewer' | 'operator' } | undefined;
  /** Replies 401, or 429 after too many wrong keys. */
  readonly refuseWrongKey: RequestHandler;
  /** Refuses a session that is used by a page other than ours. */
  readonly refuseForeignSession: RequestHandler;
}

/** `/api/session`: sign in with a key, ask who one is, sign out. */
export function createSessionRoutes({ keys, sessions, ...parts }: SessionRouteParts): Router {
  const describe = (caller: { name: string; role: string } | undefined) => ({
    success: true,
    authenticated: keys.required && caller !== undefined,
    required: keys.required,
    name: caller?.name ?? null,
    role: caller?.role ?? null,
  });
  const signIn: RequestHandler = async (request, response, next) => {
    const { key } = validateBody(signInSchema, await readJson(request, response, SIGN_IN_LIMITS));
    if (!keys.required) {
      response.json(describe(parts.callerIfKnown(response)));
      return;
    }
    const caller = keys.find(key);
    if (!caller) {
      await parts.refuseWrongKey(request, response, next);
      return;
    }
    await closeOld(request, sessions);
    setSessionCookie(request, response, await sessions.open(caller));
    response.json(describe(caller));
  };
  const signOut: RequestHandler = async (request, response) => {
    await closeOld(request, sessions);
    clearSessionCookie(request, response);
    response.json(describe(keys.required ? undefined : parts.callerIfKnown(response)));
  };
  const router = Router();
  router
    .route('/api/session')
    .all(noStore, parts.recognise)
    .get((_request, response) => {
      response.json(describe(parts.callerIfKnown(response)));
    })
    .post(signIn)
    .delete(parts.refuseForeignSession, signOut)
    .all(onlyMethods('DELETE', 'GET', 'HEAD', 'POST'));
  return router;
}

const noStore: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};

/** Ends the session that the browser had: a new sign-in must not leave the old one open. */
async function closeOld(request: Request, sessions: Sessions): Promise<void> {
  const id = readSessionCookie(request);
  if (id !== undefined) await sessions.close(id);
}
