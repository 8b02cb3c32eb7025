import { type RequestHandler, Router } from 'express';
import { addressFor } from '../http/base-path.js';
import { escapeHtml, renderPage } from '../http/own-pages.js';

/** Where a visitor goes after signing in if no page asked for it. */
const DEFAULT_NEXT = '/';

/**
 * The path of this API to go to after signing in, or the default. Anything that a browser could read as another
 * host (`//host`, `/\host`, a scheme) is not followed.
 */
export function localPath(next: unknown): string {
  if (typeof next !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes('\\')) return DEFAULT_NEXT;
  const here = 'http://here.invalid';
  if (!URL.canParse(next, here)) return DEFAULT_NEXT;
  const url = new URL(next, here);
  return url.origin === here && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : DEFAULT_NEXT;
}

/** Sends a browser that is not signed in to the sign-in page, and back afterwards. */
export function signInAddress(from: string): string {
  return `/sign-in?next=${encodeURIComponent(localPath(from))}`;
}

/** The page where a browser signs in with an access key. */
export function createSignInPage(): Router {
  const show: RequestHandler = (request, response) => {
    const next = addressFor(request, localPath(request.query['next']));
    response.setHeader('Cache-Control', 'no-store');
    response.type('html').send(renderPage(request, { title: 'Sign in', body: form(next), script: 'sign-in.js' }));
  };
  const router = Router();
  router.get('/sign-in', show);
  return router;
}

function form(next: string): string {
  return `<form id="sign-in" class="card" method="post" data-next="${escapeHtml(next)}">
<h1>Sign in to Caissa</h1>
<p>Use an access key. Whoever runs this server has one for you.</p>
<label for="key">Access key</label>
<input id="key" name="key" type="password" autocomplete="current-password" autocapitalize="off" spellcheck="false" required maxlength="512" aria-describedby="message" autofocus>
<p id="message" class="message" role="alert"></p>
<button type="submit">Sign in</button>
<noscript><p class="message">This page needs JavaScript. Programs send the key as <code>Authorization: Bearer …</code> instead.</p></noscript>
</form>`;
}
