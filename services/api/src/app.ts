import { PROBLEM_FORMAT, PROTOCOL_FORMAT } from '@caissa/shared/http';
import type { Express, RequestHandler } from 'express';
import { createAccess } from './access/create-access.js';
import type { AccessKeys } from './access/key-ring.js';
import type { ApiContext } from './context.js';
import { createDocs } from './docs/create-docs.js';
import { createFrontDoor } from './http/front-door.js';
import { refuseBeyondLimit } from './http/limit-connections.js';
import { mountRoutes } from './http/mount-routes.js';
import { lingerAfterAnswer } from './http/request-body.js';
import { identifyRequest } from './http/request-id.js';
import { logRequests } from './http/request-log.js';
import { refuseUnknownRoute, sendFailures } from './http/send-problem.js';
import { traceRequests } from './http/trace-requests.js';
import { createProtocolRoutes } from './inference/protocol-routes.js';
import { createOperations } from './operations/create-operations.js';
import { ROUTES } from './routes.js';
import { PAGE_FOLDER, servePage } from './web/serve-page.js';

/** Builds the HTTP application. */
export function createApp(context: ApiContext, keys: AccessKeys): Express {
  const access = createAccess(context, keys);
  const operations = createOperations(context, access);
  const app = createFrontDoor(context.settings);
  if (context.tracing) app.use(traceRequests(context.tracing));
  app.use(operations.measure, logRequests(context.logger), identifyRequest);
  app.use(lingerAfterAnswer, refuseBeyondLimit, ...access.guards);
  app.use(onlyBelow('/v2', createProtocolRoutes(context, access)));
  app.use(onlyBelow('/api/', mountRoutes(ROUTES, context, access)));
  app.use(access.router, operations.router, createDocs(ROUTES, access), servePage(PAGE_FOLDER));
  app.use(refuseUnknownRoute);
  app.use('/v2', sendFailures(context.logger, PROTOCOL_FORMAT));
  app.use(sendFailures(context.logger, PROBLEM_FORMAT));
  return app;
}

/** Spares requests with other paths the comparison with every route of a router. */
function onlyBelow(prefix: string, router: RequestHandler): RequestHandler {
  return (request, response, next) => (request.url.startsWith(prefix) ? router(request, response, next) : next());
}
