import { jobAcceptedSchema, metadataSchema } from '@caissa/shared/contracts';
import { problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import type { Route, RouteResponse } from '../http/route.js';
import { ACCEPTED_EXAMPLE, PROBLEM_EXAMPLE } from './examples.js';
import type { Content, Header, OperationResponse } from './openapi-operation.js';

const header = (description: string, type: 'string' | 'integer' = 'string'): Header => ({
  description,
  schema: { type },
});

/** Bytes of any kind. */
export const binarySchema = z.string().meta({ format: 'binary' });

/** Bodies of failures. */
export const PROBLEM: Content = {
  'application/problem+json': { schema: problemSchema, example: PROBLEM_EXAMPLE },
};

/** Why a request may be refused before its route is asked. */
export const EARLY_REFUSALS = {
  408: 'The request did not arrive in time.',
  413: 'The body is too large.',
  417: 'The `Expect` header asks for something other than `100-continue`.',
  429: 'Too many requests in a minute, or too many connections or event streams are open.',
  431: 'The head of the request is too large.',
} as const;

const REFUSALS = {
  ...EARLY_REFUSALS,
  400: 'The request is not valid HTTP, or a name, a parameter or the body is not valid.',
  401: 'An access key is needed, or the one sent is not known.',
  403: 'The access key is a viewer’s and the route is for operators, or a foreign page sent the request.',
  500: 'A mistake in Caissa; the log has the details under the request id.',
  503: 'Redis or the store of files cannot be reached; try again in a moment.',
} as const;

/** Refusals of routes that start work: of requests that are repeated, and of those that wait for what becomes of it. */
const START_REFUSALS = {
  409: 'For requests that waited: the job was cancelled, or the checkpoint changed.',
  410: 'The work of the `Idempotency-Key` is over and its job not kept any more; nothing was begun again.',
  422: 'The checkpoint was refused, or the `Idempotency-Key` was sent before with another request.',
  507: 'For requests that waited: the disk is full.',
} as const;

const COMMON_HEADERS = {
  'X-Request-Id': header('Stands in the logs too; send your own, or take this one.'),
  RateLimit: header('What is left of the limits (draft-ietf-httpapi-ratelimit-headers-08).'),
  'RateLimit-Policy': header('The limits that apply to the caller.'),
};

const RETRY_AFTER = { 'Retry-After': header('Seconds to wait before asking again.', 'integer') };

/** Whether what a route shows is read again only if it has changed. */
export function isRevalidated({ method, responses }: Pick<Route, 'method' | 'responses'>): boolean {
  return method === 'get' && responses[200]?.schema !== undefined;
}

/** The documented headers of a request, in lower case. */
function understoodBy(route: Pick<Route, 'headers'>): Set<string> {
  return new Set(Object.keys(route.headers ?? {}).map((name) => name.toLowerCase()));
}

/** Headers of a response beyond the common ones. */
function headersOf(route: Route, status: number): Record<string, Header> {
  const understood = understoodBy(route);
  return {
    ...COMMON_HEADERS,
    ...(status === 202 ? { Location: header('Where to ask for the state of the job.'), ...RETRY_AFTER } : {}),
    ...(understood.has('prefer') && status < 300
      ? { 'Preference-Applied': header('`wait=N` if the request was held for the result, N seconds at most.') }
      : {}),
    ...(isRevalidated(route) && status < 400 ? { ETag: header('Weak validator: changes with the body.') } : {}),
    ...(understood.has('if-none-match') && status < 400
      ? {
          ETag: header('Strong validator: the SHA-256 of the file, quoted.'),
          'Last-Modified': header('When the file was written.'),
        }
      : {}),
    ...(status === 206 || status === 416 ? { 'Content-Range': header('Which bytes, of how many.') } : {}),
    ...(status === 401 ? { 'WWW-Authenticate': header('`Bearer`') } : {}),
    ...(status === 429 || status === 503 ? RETRY_AFTER : {}),
  };
}

/** What bodies of other media types than binary ones are. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'application/json': metadataSchema,
  'text/event-stream': z.string(),
};

/** Media types of the bodies of a response. */
function contentOf(status: number, { schema, contentTypes = [] }: RouteResponse): Content {
  if (status >= 400) return PROBLEM;
  const example = schema === jobAcceptedSchema ? { example: ACCEPTED_EXAMPLE } : {};
  return {
    ...(schema ? { 'application/json': { schema, ...example } } : {}),
    ...Object.fromEntries(contentTypes.map((type) => [type, { schema: SCHEMAS[type] ?? binarySchema }])),
  };
}

/** Refusals that any route may send, as far as they apply to this one. */
function refusalsOf(route: Route): Record<number, string> {
  const understood = understoodBy(route);
  const takesBody = route.method === 'post' || route.rawBody !== undefined;
  return {
    ...REFUSALS,
    ...(takesBody ? { 415: 'The body is of another media type.' } : {}),
    ...(understood.has('prefer') ? START_REFUSALS : {}),
  };
}

/** Every response of a route, refusals included. A `HEAD` has no bodies. */
export function describeResponses(route: Route): Record<string, OperationResponse> {
  const refusals = Object.entries(refusalsOf(route)).map(([status, description]) => [status, { description }]);
  const unchanged = isRevalidated(route) ? { 304: { description: 'The client has it already.' } } : {};
  const all: Record<string, RouteResponse> = { ...Object.fromEntries(refusals), ...unchanged, ...route.responses };
  return Object.fromEntries(
    Object.entries(all).map(([code, response]) => {
      const status = Number(code);
      const content = route.method === 'head' ? {} : contentOf(status, response);
      const { description } = response;
      const hasContent = Object.keys(content).length > 0;
      return [code, { description, headers: headersOf(route, status), ...(hasContent ? { content } : {}) }];
    }),
  );
}

/** Answers of a route outside the table: its own, and the refusals that it may send. */
export function withRefusals(
  own: Readonly<Record<number, OperationResponse>>,
  ...statuses: readonly (keyof typeof REFUSALS)[]
): Record<string, OperationResponse> {
  const early = [400, 403, 408, 413, 417, 429, 431, 500] as const;
  const refusals = [...early, ...statuses].map((status) => [
    status,
    { description: REFUSALS[status], content: PROBLEM },
  ]);
  return { ...Object.fromEntries(refusals), ...own };
}
