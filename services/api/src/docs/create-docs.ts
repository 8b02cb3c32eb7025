import { readFileSync } from 'node:fs';
import { type RequestHandler, Router } from 'express';
import getSwaggerUiFolder from 'swagger-ui-dist/absolute-path.js';
import { z } from 'zod';
import type { Access } from '../access/create-access.js';
import { addressFor } from '../http/base-path.js';
import { JsonText } from '../http/json-text.js';
import { onlyReading } from '../http/only-methods.js';
import type { Route } from '../http/route.js';
import { sendRead } from '../http/send-json.js';
import { renderErrorsPage } from './errors-page.js';

const packageSchema = z.object({ version: z.string() });

/** The version of this service, as its package says. */
function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return packageSchema.parse(JSON.parse(text)).version;
}

/** Loaded on first use: starting up need not wait for what writes it. */
async function buildDocument(routes: readonly Route[]): Promise<object> {
  const { buildOpenApi } = await import('./openapi.js');
  return buildOpenApi(routes, readVersion());
}

/** `/api/openapi.json`, `/api/docs` and `/api/docs/errors`. Mount it at the root, after the guards. */
export function createDocs(routes: readonly Route[], access: Access): Router {
  let document: Promise<object> | undefined;
  let kept: { readonly url: string; readonly text: JsonText } | undefined;
  const sendDocument: RequestHandler = async (request, response) => {
    document ??= buildDocument(routes);
    const described = await document;
    const url = addressFor(request, '/');
    // Its tag and its compressed form are made once, for the address that was asked for last.
    if (kept?.url !== url) {
      kept = { url, text: new JsonText(Buffer.from(JSON.stringify({ ...described, servers: [{ url }] }))) };
    }
    await sendRead(response, {}, kept.text);
  };
  const sendErrorsPage: RequestHandler = (request, response) => {
    response.set('Cache-Control', 'no-cache').type('html').send(renderErrorsPage(request));
  };
  const router = Router({ caseSensitive: true });
  router
    .route('/api/openapi.json')
    .get(...access.allow('viewer'), sendDocument)
    .all(onlyReading);
  router
    .route('/api/docs')
    .get(...access.allowPage('viewer'), showDocsPage)
    .all(onlyReading);
  // What a code means is no secret, and callers without a valid key need it.
  router.route('/api/docs/errors').get(sendErrorsPage).all(onlyReading);
  router.use(serveSwaggerUi());
  return router;
}

/** The files of swagger-ui-dist that the page needs; nothing else of that folder is served. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'];

const FOLDER = getSwaggerUiFolder();

const renderDocsPage = (to: (path: string) => string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>API · Caissa</title>
<link rel="icon" href="${to('/pages/icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${to('/api/docs/files/swagger-ui.css')}">
<link rel="stylesheet" href="${to('/pages/docs.css')}">
<script src="${to('/api/docs/files/swagger-ui-bundle.js')}" defer></script>
<script src="${to('/pages/docs.js')}" defer></script>
</head>
<body>
<nav aria-label="Caissa">
<a href="${to('/api/docs/errors')}">Errors</a>
<a href="${to('/api/openapi.json')}">OpenAPI document</a>
<a href="${to('/admin/queues')}">Queues</a>
<span id="who"></span>
<button id="sign-out" type="button" hidden>Sign out</button>
</nav>
<div id="swagger-ui"></div>
<noscript><p>This page needs JavaScript; <a href="${to('/api/openapi.json')}">the document</a> does not.</p></noscript>
</body>
</html>
`;

/** Shows the page that presents the OpenAPI document. */
const showDocsPage: RequestHandler = (request, response) => {
  const page = renderDocsPage((path) => addressFor(request, path));
  response.set('Cache-Control', 'no-cache').type('html').send(page);
};

/** Serves swagger-ui from this machine. The files are the same for everybody and hold no secret. */
function serveSwaggerUi(): Router {
  const router = Router();
  for (const file of FILES) {
    router.get(`/api/docs/files/${file}`, (_request, response) => {
      response.sendFile(file, { root: FOLDER, maxAge: '1d', cacheControl: true });
    });
  }
  return router;
}
