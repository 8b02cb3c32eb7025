import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBullBoard } from '@bull-board/api';
import type { AppControllerRoute, AppViewRoute, ControllerHandlerReturnType } from '@bull-board/api/typings/app';
import { ExpressAdapter } from '@bull-board/express';
import { JOB_TYPES } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { RequestHandler } from 'express';
import { addressFor } from '../http/base-path.js';
import { escapeHtml } from '../http/own-pages.js';
import { type BoardContext, BoardQueue } from './board-queue.js';

/** A dashboard over all queues, to be mounted at `path`. */
export function createBoard(context: BoardContext, path: string, readOnly: boolean): RequestHandler {
  const adapter = new BoardAdapter(path);
  createBullBoard({
    queues: JOB_TYPES.map((type) => new BoardQueue(context, type, readOnly)),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Caissa queues',
        hideDocsLink: true,
        hideRedisDetails: readOnly,
      },
    },
  });
  return adapter.getRouter() as RequestHandler;
}

const ICON = '/pages/icon.svg';

/** Links of the vendor's page to its own files, in the order of loading. */
interface BoardFiles {
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
}

/** Reads which of its own files the vendor's page loads. Files of other hosts, which are fonts, are left out. */
function readBoardFiles(viewsPath: string): BoardFiles {
  const page = readFileSync(join(viewsPath, 'index.ejs'), 'utf8');
  const own = (pattern: RegExp) => [...page.matchAll(pattern)].map((match) => match[1] ?? '');
  const files = {
    styles: own(/<link [^>]*href="(static\/[^"]+\.css)"/g),
    scripts: own(/<script [^>]*src="(static\/[^"]+\.js)"/g),
  };
  if (files.styles.length === 0 || files.scripts.length === 0) {
    throw new Error('the page of @bull-board/ui has changed and its files were not found');
  }
  return files;
}

const RETRY_ALL = '/api/queues/:queueName/retry/:queueStatus';

/** The vendor's retry of all that failed in a queue stops at the first job that is refused; ours skips it. */
function skipRefused({ handler, ...route }: AppControllerRoute): AppControllerRoute {
  return {
    ...route,
    handler: async (request) => {
      const queue = request?.queues.get(String(request.params['queueName']));
      return queue instanceof BoardQueue ? { body: await queue.retryFailed() } : handler(request);
    },
  };
}

/**
 * bull-board's adapter for Express with a page of ours in place of the vendor's, which loads fonts from another host,
 * and with a retry of all that skips what is refused.
 */
class BoardAdapter extends ExpressAdapter {
  #files: BoardFiles = { styles: [], scripts: [] };

  constructor(basePath: string) {
    super();
    this.setBasePath(basePath);
    this.app.disable('x-powered-by');
  }

  override setViewsPath(viewsPath: string): this {
    this.#files = readBoardFiles(viewsPath);
    return this;
  }

  override setEntryRoute(route: AppViewRoute): this {
    const show: RequestHandler = (request, response) => {
      const icon = addressFor(request, ICON);
      const { params } = route.handler({
        basePath: addressFor(request, this.basePath),
        uiConfig: {
          ...this.uiConfig,
          boardLogo: { path: icon, width: 28, height: 28 },
          favIcon: { default: icon, alternative: icon },
          miscLinks: [{ text: 'API', url: addressFor(request, '/api/docs') }],
        },
      });
      response.set('Cache-Control', 'no-cache').type('html').send(renderBoard(params, this.#files));
    };
    for (const path of [route.route].flat()) this.app.get(path, show);
    return this;
  }

  override setApiRoutes(routes: AppControllerRoute[]): this {
    super.setApiRoutes(routes.map((one) => (one.route === RETRY_ALL ? skipRefused(one) : one)));
    return this;
  }

  override setErrorHandler(handler: (error: Error) => ControllerHandlerReturnType): this {
    // Internal details, such as the address of Redis, are not for the page to show.
    return super.setErrorHandler((error) => handler(shownError(error)));
  }
}

/** An error as the vendor's handler takes it. */
function shownError(error: Error): Error & { readonly statusCode: number } {
  if (error instanceof AppError) return Object.assign(new Error(error.message), { statusCode: error.status });
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return Object.assign(new Error('The queues cannot be read or changed at the moment.'), { statusCode });
}

/** The vendor's page without the fonts. `uiConfig` is JSON made safe for HTML by the vendor. */
function renderBoard(params: Readonly<Record<string, string>>, files: BoardFiles): string {
  const { basePath = '', title = '', uiConfig = '{}', favIconDefault = '' } = params;
  const base = escapeHtml(basePath);
  return `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<base href="${base}">
<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/svg+xml" id="fav-logo" href="${escapeHtml(favIconDefault)}">
${files.styles.map((file) => `<link rel="stylesheet" href="${base}${file}">`).join('\n')}
</head>
<body class="preload">
<script id="__UI_CONFIG__" type="application/json">${uiConfig}</script>
<div id="root">Loading …</div>
${files.scripts.map((file) => `<script defer src="${base}${file}"></script>`).join('\n')}
</body>
</html>
`;
}
