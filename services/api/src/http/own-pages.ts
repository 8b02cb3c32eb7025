import { fileURLToPath } from 'node:url';
import { Router, static as serveStatic } from 'express';
import { addressFor, type Client } from './base-path.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for HTML, in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** One of our own small pages. `body` is HTML; its links come from {@link addressFor}. `script` is a file that {@link servePageFiles} serves. */
interface Page {
  readonly title: string;
  readonly body: string;
  readonly script?: string;
}

/**
 * Renders a page that keeps to the strict content security policy: no inline script, no inline style, nothing from
 * elsewhere.
 */
export function renderPage(client: Client, { title, body, script }: Page): string {
  const file = (name: string) => addressFor(client, `/pages/${escapeHtml(name)}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} · Caissa</title>
<link rel="icon" href="${file('icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${file('page.css')}">
${script === undefined ? '' : `<script src="${file(script)}" defer></script>\n`}</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** The folder of scripts and styles of our own pages; the same for the source and for the built code. */
const FOLDER = fileURLToPath(new URL('../../static/', import.meta.url));

/** Serves the scripts and styles of our own pages under `/pages`. They are the same for everybody and hold no secret. */
export function servePageFiles(): Router {
  const router = Router();
  router.use('/pages', serveStatic(FOLDER, { index: false, redirect: false, dotfiles: 'ignore', maxAge: '1h' }));
  return router;
}
