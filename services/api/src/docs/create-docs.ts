import { readFileSync } from 'node:fs';
import { Router } from 'express';
import { z } from 'zod';
import type { Access } from '../access/create-access.js';
import type { Route } from '../http/route.js';
import { serveSwaggerUi, showDocsPage } from './docs-page.js';
import { renderErrorsPage } from './errors-page.js';

const packageSchema = z.object({ version: z.string() });

/** The version of this service, as its package says. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return packageSchema.parse(JSON.parse(text)).version;
}

/** When somebody asks for it: a start need not wait for what writes it. */
async function writeDocument(routes: readonly Route[]): Promise<string> {
  const { buildOpenApi } = await import('./openapi.js');
  return JSON.stringify(buildOpenApi(routes, readVersion()));
}

/** `/api/openapi.json`, `/api/docs` and `/api/docs/errors`. To be mounted at the root, after the guards. */
export function createDocs(routes: readonly Route[], access: Access): Router {
  let document: Promise<string> | undefined;
  const errorsPage = renderErrorsPage();
  const router = Router({ caseSensitive: true });
  router.get('/api/openapi.json', ...access.allow('viewer'), async (_request, response) => {
    document ??= writeDocument(routes);
    response
      .set('Cache-Control', 'no-cache')
      .type('json')
      .send(await document);
  });
  router.get('/api/docs', ...access.allowPage('viewer'), showDocsPage);
  // What a code means is no secret, and whoever is refused a key needs it.
  router.get('/api/docs/errors', (_request, response) => {
    response.set('Cache-Control', 'no-cache').type('html').send(errorsPage);
  });
  router.use(serveSwaggerUi());
  return router;
}
