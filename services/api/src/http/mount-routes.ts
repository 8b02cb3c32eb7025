import { AppError } from '@caissa/shared/errors';
import { validateBody } from '@caissa/shared/http';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type Access, callerOf } from '../access/create-access.js';
import type { ApiContext } from '../context.js';
import { validateParams, validateQuery } from './parameters.js';
import { readJson } from './read-json.js';
import { contentTypeOf, openBody } from './request-body.js';
import { noteJob } from './request-log.js';
import { signalOf } from './response-signal.js';
import type { Route } from './route.js';
import { sendReply } from './send-reply.js';

/** Methods whose requests may carry a JSON body. */
const BODY_METHODS = new Set(['post']);

/** Serves the route table: access, validation, the handler, its reply; 405 for other methods. */
export function mountRoutes(routes: readonly Route[], context: ApiContext, access: Access): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const route of routes) {
    const allow = route.uncounted ? access.allowUncounted : access.allow;
    router[route.method](route.path, ...allow(route.role), answer(route, context));
  }
  for (const route of routes) router.all(route.path, noteAllowed(route));
  router.use(refuseOtherMethods);
  return router;
}

function answer(route: Route, context: ApiContext): RequestHandler {
  return async (request, response) => {
    let signal: AbortSignal | undefined;
    const params = validateParams(route.params, request.params);
    const { job_id: jobId } = request.params;
    if (typeof jobId === 'string') noteJob(response, jobId);
    const query = validateQuery(route.query, request.query);
    if (route.rawBody !== undefined && contentTypeOf(request) !== route.rawBody) {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The body must be sent as Content-Type: ${route.rawBody}.`);
    }
    const body = await bodyOf(route, request, response);
    const reply = await route.handler(context, {
      params,
      query,
      body,
      headers: request.headers,
      method: request.method,
      caller: callerOf(response),
      requestId: request.id,
      // Most handlers reply at once and never look.
      get signal() {
        signal ??= signalOf(response, context.stopping);
        return signal;
      },
      noteJob: (started) => noteJob(response, started),
      openBody: () => openBody(request, response),
    });
    await sendReply(response, reply, request.method === 'HEAD');
  };
}

/** The JSON body. A route that takes none still refuses what is not JSON, and then ignores it. */
async function bodyOf(route: Route, request: Request, response: Response): Promise<unknown> {
  if (!BODY_METHODS.has(route.method) || route.rawBody !== undefined) return undefined;
  const body = await readJson(request, response);
  if (body === undefined && route.body !== undefined && route.bodyOptional !== true) {
    throw new AppError('INVALID_BODY', 'A JSON body is needed.');
  }
  return validateBody(route.body, body === undefined ? {} : body);
}

/** Notes which methods a path offers; several rows may match it. */
function noteAllowed(route: Route): RequestHandler {
  const methods = route.method === 'get' ? ['GET', 'HEAD'] : [route.method.toUpperCase()];
  return (_request, response, next) => {
    const noted: string[] = response.locals['allowedMethods'] ?? [];
    response.locals['allowedMethods'] = [...new Set([...noted, ...methods])].sort();
    next();
  };
}

const refuseOtherMethods: RequestHandler = (request, response, next) => {
  const allowed: string[] | undefined = response.locals['allowedMethods'];
  if (allowed === undefined) return next();
  response.set('Allow', allowed.join(', '));
  if (request.method === 'OPTIONS') {
    response.status(204).end();
    return;
  }
  throw new AppError('METHOD_NOT_ALLOWED', `This address takes ${allowed.join(', ')} and nothing else.`);
};
