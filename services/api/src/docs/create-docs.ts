import { readFileSync } from 'node:fs';
import { Router } from 'express';
import { z } from 'zod';
import type { Access } from '../access/create-access.js';
import type { Route } from '../http/route.js';
import { serveSwaggerUi, showDocsPage } from './docs-page.js';
import { renderErrorsPage } from './errors-page.js';
import { buildOpenApi } from './openapi.js';

const packageSchema = z.object({ version: z.string() });

/** The version of this service, as its package says. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return packageSchema.parse(JSON.parse(text)).version;
}

/** `/api/openapi.json`, `/api/docs` and `/api/docs/errors`. To be mounted at the root, after the guards. */
export function createDocs(routes: readonly Route[], access: Access): Router {
  const document = JSON.stringify(buildOpenApi(routes, readVersion()));
  const errorsPage = renderErrorsPage();
  const router = Router({ caseSensitive: true });
  router.get('/api/openapi.json', ...access.allow('viewer'), (_request, response) => {
    response.set('Cache-Control', 'no-cache').type('json').send(document);
  });
  router.get('/api/docs', ...access.allowPage('viewer'), showDocsPage);
  // What a code means is no secret, and whoever is refused a key needs it.
  router.get('/api/docs/errors', (_request, response) => {
    response.set('Cache-Control', 'no-cache').type('html').send(errorsPage);
  });
  router.use(serveSwaggerUi());
  return router;
}
