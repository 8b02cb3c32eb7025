import { type RequestHandler, Router } from 'express';
import getSwaggerUiFolder from 'swagger-ui-dist/absolute-path.js';

/** The files of swagger-ui-dist that the page needs; nothing else of that folder is served. */
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'];

const FOLDER = getSwaggerUiFolder();

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>API · Caissa</title>
<link rel="icon" href="/pages/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/api/docs/files/swagger-ui.css">
<link rel="stylesheet" href="/pages/docs.css">
<script src="/api/docs/files/swagger-ui-bundle.js" defer></script>
<script src="/pages/docs.js" defer></script>
</head>
<body>
<nav aria-label="Caissa">
<a href="/api/docs/errors">Errors</a>
<a href="/api/openapi.json">OpenAPI document</a>
<a href="/admin/queues">Queues</a>
<span id="who"></span>
<button id="sign-out" type="button" hidden>Sign out</button>
</nav>
<div id="swagger-ui"></div>
<noscript><p>This page needs JavaScript; <a href="/api/openapi.json">the document</a> does not.</p></noscript>
</body>
</html>
`;

/** Shows the page that presents the OpenAPI document. */
export const showDocsPage: RequestHandler = (_request, response) => {
  response.set('Cache-Control', 'no-cache').type('html').send(PAGE);
};

/** Serves swagger-ui from this machine. The files are the same for everybody and hold no secret. */
export function serveSwaggerUi(): Router {
  const router = Router();
  for (const file of FILES) {
    router.get(`/api/docs/files/${file}`, (_request, response) => {
      response.sendFile(file, { root: FOLDER, maxAge: '1d', cacheControl: true });
    });
  }
  return router;
}
