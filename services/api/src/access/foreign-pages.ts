import type { IncomingMessage } from 'node:http';
import { AppError } from '@caissa/shared/errors';
import { isLoopback, isSentToLoopback } from '@caissa/shared/http';
import type { Request, RequestHandler } from 'express';
import type { ApiSettings } from '../context.js';

/**
 * Where the page that sent a request comes from: this server, a listed origin or elsewhere; `none` if it does not seem
 * to be a page.
 */
export type PageOrigin = 'same' | 'listed' | 'foreign' | 'none';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request may change something, by its method. */
export function changesState(request: Pick<IncomingMessage, 'method'>): boolean {
  return !SAFE_METHODS.has(request.method ?? '');
}

/**
 * Returns where the page that sent a request comes from. `Sec-Fetch-Site` counts first: pages cannot set it, and
 * proxies that change `Host` leave it alone, but browsers send it over TLS alone. The scheme is not compared, because
 * TLS may end at a proxy.
 * Source: https://www.w3.org/TR/fetch-metadata/ and RFC 6454, section 7.
 */
export function pageOrigin(
  request: Pick<Request, 'headers' | 'host'>,
  { CORS_ORIGINS: listed, PUBLIC_ORIGINS: own }: Pick<ApiSettings, 'CORS_ORIGINS' | 'PUBLIC_ORIGINS'>,
): PageOrigin {
  const { host } = request;
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site === 'same-origin') return 'same';
  if (site === undefined && origin !== undefined && hasHost(origin, host)) return 'same';
  if (origin !== undefined && own.includes(origin)) return 'same';
  if (origin !== undefined && listed.includes(origin)) return 'listed';
  return origin === undefined && (site === undefined || site === 'none') ? 'none' : 'foreign';
}

/** Whether an origin has the host and port that the request was sent to. */
function hasHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  // Reading both as URLs of one scheme drops that scheme's default port from either.
  return (
    originHost !== '' && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === originHost
  );
}

/**
 * Refuses what pages of other sites might try in a visitor's browser: changes sent from an origin that is neither ours
 * nor listed, and, while the API is open to this machine only and asks for no key, any name that is not this machine's
 * (a page can make its own name point to 127.0.0.1 and would then count as ours).
 */
export function refuseForeignPages(
  settings: Pick<ApiSettings, 'HOST' | 'ALLOW_ANONYMOUS' | 'CORS_ORIGINS' | 'PUBLIC_ORIGINS'>,
  keysRequired: boolean,
): RequestHandler {
  const onlyThisMachine = !keysRequired && !settings.ALLOW_ANONYMOUS && isLoopback(settings.HOST);
  return (request, _response, next) => {
    if (onlyThisMachine && !isForThisMachine(request)) {
      next(
        new AppError(
          'FORBIDDEN',
          'The API is open to this machine only, under localhost or 127.0.0.1. To reach it by another name, configure ' +
            'access keys, or ALLOW_ANONYMOUS=true if everybody may do everything.',
        ),
      );
    } else if (changesState(request) && pageOrigin(request, settings) === 'foreign') {
      next(new AppError('FORBIDDEN', foreignPage(request)));
    } else next();
  };
}

/** Whether a request was sent to this machine, by what it says itself and by what a trusted proxy says. */
function isForThisMachine(request: Request): boolean {
  if (!isSentToLoopback(request)) return false;
  return request.headers['x-forwarded-host'] === undefined || isSentToLoopback({ headers: { host: request.host } });
}

/** A proxy that replaces `Host` is the usual cause, and cannot be told from a page of somebody else's. */
function foreignPage({ headers: { origin }, host }: Request): string {
  const from = origin === undefined || !URL.canParse(origin) ? 'another site' : origin;
  return (
    `Pages of another origin may not change anything here: this one is of ${from}, and the request was sent to ${host}. ` +
    'If a proxy is in between, let it pass on Host (nginx: proxy_set_header Host $http_host), or set PUBLIC_ORIGINS to ' +
    'the origin of the page; CORS_ORIGINS lists pages served elsewhere that may.'
  );
}
