import type { ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { problemSchema } from '@caissa/shared/errors';
import type { Route, RouteResponse } from '../http/route.js';
import { ACCEPTED_EXAMPLE, PROBLEM_EXAMPLE } from './examples.js';

type Header = { description: string; schema: { type: 'string' | 'integer' } };

const header = (description: string, type: 'string' | 'integer' = 'string'): Header => ({
  description,
  schema: { type },
});

const COMMON_HEADERS = {
  'X-Request-Id': header('Stands in the logs too; send your own, or take this one.'),
  RateLimit: header('What is left of the limits (draft-ietf-httpapi-ratelimit-headers-08).'),
  'RateLimit-Policy': header('The limits that apply to the caller.'),
};

const RETRY_AFTER = { 'Retry-After': header('Seconds to wait before asking again.', 'integer') };

/** Headers of a response beyond the common ones. */
function headersOf(route: Pick<Route, 'headers'>, status: number): Record<string, Header> {
  const understood = new Set(Object.keys(route.headers ?? {}).map((name) => name.toLowerCase()));
  return {
    ...COMMON_HEADERS,
    ...(status === 202 ? { Location: header('Where to ask for the state of the job.'), ...RETRY_AFTER } : {}),
    ...(understood.has('prefer') && status < 300
      ? { 'Preference-Applied': header('`wait=N` if the request was held for the result.') }
      : {}),
    ...(understood.has('if-none-match') && status < 400
      ? { ETag: header('Strong validator: the SHA-256 of the file, quoted.') }
      : {}),
    ...(status === 206 || status === 416 ? { 'Content-Range': header('Which bytes, of how many.') } : {}),
    ...(status === 401 ? { 'WWW-Authenticate': header('`Bearer`') } : {}),
    ...(status === 429 || status === 503 ? RETRY_AFTER : {}),
  };
}

/** Media types of the bodies of a response. */
function contentOf(status: number, response: RouteResponse): ResponseConfig['content'] {
  if (status >= 400) return { 'application/problem+json': { schema: problemSchema, example: PROBLEM_EXAMPLE } };
  const example = status === 202 ? { example: ACCEPTED_EXAMPLE } : {};
  return {
    ...(response.schema ? { 'application/json': { schema: response.schema, ...example } } : {}),
    ...(response.contentType === undefined
      ? {}
      : {
          [response.contentType]: {
            schema: response.contentType.startsWith('text/')
              ? { type: 'string' as const }
              : { type: 'string' as const, contentEncoding: 'binary' },
          },
        }),
  };
}

/** Refusals that any route may send, as far as they apply to this one. */
function refusalsOf(route: Route): Record<number, RouteResponse> {
  const takesInput = Boolean(route.params ?? route.query ?? route.body) || route.rawBody !== undefined;
  const takesBody = route.body !== undefined || route.rawBody !== undefined;
  return {
    ...(takesInput ? { 400: { description: 'A name, a parameter or the body is not valid.' } } : {}),
    401: { description: 'An access key is needed, or the one sent is not known.' },
    403: {
      description: 'The access key is a viewer’s and the route is for operators, or a foreign page sent the request.',
    },
    ...(takesBody
      ? { 413: { description: 'The body is too large.' }, 415: { description: 'The body is of another media type.' } }
      : {}),
    429: { description: 'Too many requests in a minute.' },
    500: { description: 'A mistake in Caissa; the log has the details under the request id.' },
    503: { description: 'Redis or the store of files cannot be reached; try again in a moment.' },
  };
}

/** Every response of a route, refusals included. A `HEAD` has no bodies. */
export function describeResponses(route: Route): Record<string, ResponseConfig> {
  const all: Record<number, RouteResponse> = { ...refusalsOf(route), ...route.responses };
  return Object.fromEntries(
    Object.entries(all).map(([code, response]) => {
      const status = Number(code);
      const content = route.method === 'head' ? undefined : contentOf(status, response);
      const hasContent = content !== undefined && Object.keys(content).length > 0;
      return [
        code,
        { description: response.description, headers: headersOf(route, status), ...(hasContent ? { content } : {}) },
      ];
    }),
  );
}
