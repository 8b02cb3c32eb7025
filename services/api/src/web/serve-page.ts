import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import compression from 'compression';
import { type RequestHandler, type Response, Router, static as serveStatic } from 'express';
import { addressFor } from '../http/base-path.js';
import { renderPage } from '../http/own-pages.js';

/** Where the page lies once it is built; the same for the source and for the built code. */
export const PAGE_FOLDER = fileURLToPath(new URL('../../../web/dist/', import.meta.url));

/**
 * The paths of the page, its scripts and styles, and the files beside it. Nothing else is looked up on the disk, so
 * that requests to the API cost no lookup.
 */
const PATHS = ['/', '/assets/:file', '/:file'];

/**
 * Serves the web page out of the folder it was built into. It is the same for everybody and holds no secret: it asks
 * `/api/session` who the visitor is. Mount it at the root, after the guards and after everything else with short paths.
 */
export function servePage(folder: string): Router {
  const files = serveStatic(folder, {
    redirect: false,
    dotfiles: 'ignore',
    // The bytes that are sent are compressed, so a range of them would be useless.
    acceptRanges: false,
    cacheControl: false,
    setHeaders: (response, path) => response.setHeader('Cache-Control', freshnessOf(path)),
  });
  // A refusal by a later route is sent as it is.
  const compress = compression({
    filter: (request, response) => response.statusCode === 200 && compression.filter(request, response),
  });
  const router = Router({ caseSensitive: true, strict: true });
  for (const path of PATHS) router.get(path, compress, files);
  router.get('/', explainMissing);
  return router;
}

/** Names in `assets` hold a digest of the content. The page names them, so it must never be an old one. */
function freshnessOf(path: string): string {
  if (basename(dirname(path)) === 'assets') return 'public, max-age=31536000, immutable';
  return basename(path) === 'index.html' ? 'no-cache' : 'public, max-age=3600';
}

const explainMissing: RequestHandler = (request, response: Response) => {
  const body = `<h1>Caissa</h1>
<p>The API is at work, but its web page was not built. <code>npm run build</code> builds it; there is no need to start
anything anew.</p>
<ul>
<li><a href="${addressFor(request, '/api/docs')}">The API</a></li>
<li><a href="${addressFor(request, '/admin/queues')}">The queues</a></li>
</ul>`;
  const page = renderPage(request, { title: 'Not built', body });
  response.status(503).set('Cache-Control', 'no-store').type('html').send(page);
};
