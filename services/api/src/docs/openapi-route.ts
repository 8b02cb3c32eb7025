import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Route } from '../http/route.js';
import { BODY_EXAMPLES } from './examples.js';
import { describeResponses } from './openapi-responses.js';

/** The ways to authenticate; none is needed where no keys are configured. */
export const SECURITY = [{ bearer: [] }, { apiKey: [] }, { session: [] }, {}];

/** A path of the route table as OpenAPI writes it: `:name` becomes `{name}`. */
export function openApiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}

/** A stable name for an operation: `get /api/model/list` becomes `getModelList`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/api\//, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '');
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

/** Describes one row of the route table. */
export function describeRoute(route: Route): RouteConfig {
  const request = {
    ...(route.params ? { params: asObject(route.params) } : {}),
    ...(route.query ? { query: asObject(route.query) } : {}),
    ...(route.headers ? { headers: headerParameters(route.headers) } : {}),
    ...describeBody(route),
  };
  const access = route.role === 'operator' ? 'Needs the role operator.' : 'Open to viewers and operators.';
  return {
    method: route.method,
    path: openApiPath(route.path),
    operationId: operationId(route.method, route.path),
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, access].filter((part) => part !== undefined).join('\n\n'),
    security: SECURITY,
    request,
    responses: describeResponses(route),
  };
}

function describeBody(route: Route): Pick<NonNullable<RouteConfig['request']>, 'body'> {
  if (route.rawBody !== undefined) {
    return {
      body: { required: true, content: { [route.rawBody]: { schema: { type: 'string', contentEncoding: 'binary' } } } },
    };
  }
  if (!route.body) return {};
  const example = BODY_EXAMPLES[`${route.method} ${route.path}`];
  const media = { schema: route.body, ...(example === undefined ? {} : { example }) };
  return { body: { required: route.bodyOptional !== true, content: { 'application/json': media } } };
}

function headerParameters(headers: Readonly<Record<string, string>>): z.ZodObject {
  return z.object(
    Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, z.string().optional().describe(text)])),
  );
}

function asObject(schema: z.ZodType): z.ZodObject {
  if (!(schema instanceof z.ZodObject)) throw new TypeError('parameters of a route must be described by a z.object');
  return schema;
}
