import type { IncomingMessage } from 'node:http';
import { AppError } from '@caissa/shared/errors';
import { isLoopback, isSentToLoopback } from '@caissa/shared/http';
import type { Request, RequestHandler } from 'express';
import type { ApiSettings } from '../context.js';
import { contentTypeOf } from '../http/request-body.js';

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
 * Returns where the page that sent a request comes from. `Sec-Fetch-Site` counts first: pages cannot set it, but browsers
 * send it over TLS and to this machine alone. Where it is missing, `Origin` is compared with `Host`, but not the scheme,
 * because TLS may end at a proxy; and since a proxy may replace `Host`, a page without TLS is ours too if no browser would
 * have sent this request for another one.
 * Source: https://www.w3.org/TR/fetch-metadata/ and RFC 6454, section 7.
 */
export function pageOrigin(
  request: Pick<Request, 'headers' | 'host' | 'method'>,
  listed: ApiSettings['CORS_ORIGINS'],
): PageOrigin {
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (site === 'same-origin') return 'same';
  if (origin === undefined) return site === undefined || site === 'none' ? 'none' : 'foreign';
  if (!URL.canParse(origin)) return 'foreign';
  if (site === undefined && hasHost(origin, request.host)) return 'same';
  if (listed.includes(origin)) return 'listed';
  return site === undefined && origin.startsWith('http:') && isSentAfterPreflight(request) ? 'same' : 'foreign';
}

/**
 * Whether a browser that is to send a request for a page of another origin asks first, by an OPTIONS that is answered
 * with permission for listed origins alone. Of the types that it asks for only JSON counts, because reports and pings,
 * which it sends unasked, have types of their own; our pages send JSON or another method than POST.
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol and OWASP, Cross-Site Request Forgery Prevention Cheat
 * Sheet, "Disallowing simple requests".
 */
function isSentAfterPreflight(request: Pick<Request, 'headers' | 'method'>): boolean {
  return request.method !== 'POST' || contentTypeOf(request) === 'application/json';
}

/** Whether an origin has the host and port that the request was sent to. */
function hasHost(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false;
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
  { HOST, ALLOW_ANONYMOUS, CORS_ORIGINS }: Pick<ApiSettings, 'HOST' | 'ALLOW_ANONYMOUS' | 'CORS_ORIGINS'>,
  keysRequired: boolean,
): RequestHandler {
  const onlyThisMachine = !keysRequired && !ALLOW_ANONYMOUS && isLoopback(HOST);
  return (request, _response, next) => {
    const origin = changesState(request) ? pageOrigin(request, CORS_ORIGINS) : 'none';
    if (origin === 'foreign') next(new AppError('FORBIDDEN', foreignPage(request)));
    else if (onlyThisMachine && !isForThisMachine(request, origin)) next(new AppError('FORBIDDEN', ONLY_THIS_MACHINE));
    else next();
  };
}

const ONLY_THIS_MACHINE =
  'The API is open to this machine only, under localhost or 127.0.0.1. To reach it by another name, configure ' +
  'access keys, or ALLOW_ANONYMOUS=true if everybody may do everything.';

/**
 * Whether a request was sent to this machine by what it says itself, by what a trusted proxy says, and, where nothing but
 * its origin shows that it is a page of ours, by that.
 */
function isForThisMachine(request: Request, from: PageOrigin): boolean {
  const { origin, 'sec-fetch-site': site, 'x-forwarded-host': told } = request.headers;
  if (!isSentToLoopback(request) || (told !== undefined && !isLoopbackHost(request.host))) return false;
  return from !== 'same' || site !== undefined || origin === undefined || isLoopbackHost(new URL(origin).host);
}

function isLoopbackHost(host: string): boolean {
  return isSentToLoopback({ headers: { host } });
}

function foreignPage({ headers: { origin }, host }: Request): string {
  const from = origin === undefined || !URL.canParse(origin) ? 'another site' : origin;
  return (
    `Pages of another origin may not change anything here: this one is of ${from}, and the request was sent to ${host}. ` +
    'CORS_ORIGINS lists pages served elsewhere that may.'
  );
}
