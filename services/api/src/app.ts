import express, { type Express } from 'express';
import { readAccessKeys } from './access/access-keys.js';
import { createAccess } from './access/create-access.js';
import type { ApiContext } from './context.js';
import { createDocs } from './docs/create-docs.js';
import { mountRoutes } from './http/mount-routes.js';
import { lingerAfterAnswer } from './http/request-body.js';
import { identifyRequest } from './http/request-id.js';
import { logRequests } from './http/request-log.js';
import { refuseUnknownRoute, sendProblems, sendProtocolErrors } from './http/send-problem.js';
import { createProtocolRoutes } from './inference/protocol-routes.js';
import { createOperations } from './operations/create-operations.js';
import { ROUTES } from './routes.js';
import { PAGE_FOLDER, servePage } from './web/serve-page.js';

/** Builds the HTTP application. @throws ConfigurationError for access keys that cannot be used */
export async function createApp(context: ApiContext): Promise<Express> {
  const access = createAccess(context, await readAccessKeys(context.settings));
  const operations = createOperations(context, access);
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple').set('case sensitive routing', true);
  app.use(operations.measure, logRequests(context.logger), identifyRequest);
  app.use(lingerAfterAnswer, ...access.guards);
  app.use(createProtocolRoutes(context, access));
  app.use(access.router, operations.router, createDocs(ROUTES, access), servePage(PAGE_FOLDER));
  app.use(mountRoutes(ROUTES, context, access));
  app.use(refuseUnknownRoute);
  app.use('/v2', sendProtocolErrors(context.logger));
  app.use(sendProblems(context.logger));
  return app;
}
