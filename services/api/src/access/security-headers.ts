import { GENERATION_HEADER } from '@caissa/shared/contracts';
import cors from 'cors';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

const EXPOSED_HEADERS = [
  'Location',
  'ETag',
  'Last-Modified',
  'Retry-After',
  'Preference-Applied',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
  'X-Request-Id',
  'Inference-Header-Content-Length',
  GENERATION_HEADER,
  'WWW-Authenticate',
  'Allow',
  'Upload-Offset',
  'Upload-Length',
  'Tus-Resumable',
  'RateLimit',
  'RateLimit-Policy',
];

const REQUEST_HEADERS = [
  'Authorization',
  'X-API-Key',
  'Content-Type',
  'Content-Encoding',
  'Inference-Header-Content-Length',
  'Idempotency-Key',
  'Prefer',
  'If-Match',
  'If-None-Match',
  'If-Modified-Since',
  'If-Unmodified-Since',
  'If-Range',
  'Range',
  'Last-Event-ID',
  'Upload-Length',
  'Upload-Offset',
  'Repr-Digest',
  'Tus-Resumable',
  'X-Request-Id',
];

/** Sources of a content security policy that a page needs beyond its own origin. */
export interface PolicyExtras {
  readonly styleSrc?: readonly string[];
  readonly baseUri?: readonly string[];
}

/**
 * A content security policy: everything from our own origin, nothing inline, no frames, no other host.
 * Source: https://www.w3.org/TR/CSP3/
 */
export function contentSecurityPolicy(extras: PolicyExtras = {}): RequestHandler {
  return helmet.contentSecurityPolicy({
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      scriptSrcAttr: ["'none'"],
      styleSrc: ["'self'", ...(extras.styleSrc ?? [])],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: extras.baseUri ? [...extras.baseUri] : ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  });
}

/**
 * Headers that make browsers strict. Strict-Transport-Security is left to the proxy that ends TLS: it binds a whole
 * host for a year, and that host is not ours.
 */
export function securityHeaders(): RequestHandler[] {
  return [
    helmet({ contentSecurityPolicy: false, strictTransportSecurity: false, xFrameOptions: { action: 'deny' } }),
    contentSecurityPolicy(),
  ];
}

/** Lets pages of the listed origins call the API. They send a key: cookies are for our own pages only. */
export function crossOriginHeaders(origins: readonly string[]): RequestHandler[] {
  if (origins.length === 0) return [];
  return [
    cors({
      origin: [...origins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: REQUEST_HEADERS,
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: 600,
    }),
  ];
}
