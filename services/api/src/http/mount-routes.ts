import { AppError } from '@caissa/shared/errors';
import { unknownFields, validateBody } from '@caissa/shared/http';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { type Access, callerOf } from '../access/create-access.js';
import type { ApiContext } from '../context.js';
import { onlyMethods } from './only-methods.js';
import { validateParams, validateQuery } from './parameters.js';
import { readJson } from './read-json.js';
import { contentTypeOf, openBody } from './request-body.js';
import { noteJob } from './request-log.js';
import { signalOf } from './response-signal.js';
import type { Reply, Route } from './route.js';
import { sendReply } from './send-reply.js';

/** Methods whose requests may carry a JSON body. */
const BODY_METHODS = new Set(['post']);

/** Serves the route table: access, validation, the handler, its reply; 405 for other methods. */
export function mountRoutes(routes: readonly Route[], context: ApiContext, access: Access): Router {
  // A path with a slash at its end is served too: many clients and proxies write one.
  const router = Router({ caseSensitive: true });
  for (const path of new Set(routes.map((route) => route.path))) {
    const rows = routes.filter((route) => route.path === path);
    const served = router.route(path);
    for (const row of rows) {
      const allow = row.uncounted ? access.allowUncounted : access.allow;
      const limits = row.isEventStream ? [access.limitStreams] : [];
      served[row.method](...allow(row.role), ...limits, answer(row, context));
    }
    served.all(onlyMethods(...methodsOf(rows)));
  }
  return router;
}

function methodsOf(rows: readonly Route[]): string[] {
  const methods = rows.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return [...new Set(methods)].sort();
}

function answer(route: Route, context: ApiContext): RequestHandler {
  const handle = async (request: Request, response: Response): Promise<void> => {
    let signal: AbortSignal | undefined;
    let gone: AbortSignal | undefined;
    const params = validateParams(route.params, request.params);
    const { job_id: jobId } = request.params;
    if (typeof jobId === 'string') noteJob(response, jobId);
    const query = validateQuery(route.query, request.query);
    if (route.rawBody !== undefined && contentTypeOf(request) !== route.rawBody) {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The body must be sent as Content-Type: ${route.rawBody}.`);
    }
    const sent = await bodyOf(route, request, response);
    const body = validateBody(route.body, sent);
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
      get gone() {
        gone ??= signalOf(response);
        return gone;
      },
      noteJob: (started) => noteJob(response, started),
      openBody: () => openBody(request, response),
    });
    await sendReply(response, withWarnings(reply, unknownFields(sent, body)), request.method === 'HEAD');
  };
  return (request, response) => context.requests.track(handle(request, response));
}

/** The JSON body; `{}` where none is needed. A route that takes none still refuses what is not JSON, and then ignores it. */
async function bodyOf(route: Route, request: Request, response: Response): Promise<unknown> {
  if (!BODY_METHODS.has(route.method) || route.rawBody !== undefined) return undefined;
  const body = await readJson(request, response, route.bodyLimits);
  if (body !== undefined) return body;
  if (route.body === undefined || route.bodyOptional) return {};
  throw new AppError('INVALID_BODY', 'A JSON body is needed.');
}

/** Names fields that nobody asked for beside what else there is to warn of: one may be a misspelt option. */
function withWarnings(reply: Reply, fields: readonly string[]): Reply {
  if (fields.length === 0 || !('body' in reply)) return reply;
  const { warnings = [], ...body } = warnedSchema.parse(reply.body);
  const ignored = fields.map((field) => `The field ${field} of the body is not known and was ignored.`);
  return { ...reply, body: { ...body, warnings: [...warnings, ...ignored] } };
}

const warnedSchema = z.looseObject({ warnings: z.array(z.string()).optional() });
