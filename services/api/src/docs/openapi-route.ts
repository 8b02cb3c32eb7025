import { z } from 'zod';
import type { Route } from '../http/route.js';
import { BODY_EXAMPLES } from './examples.js';
import type { Operation } from './openapi-operation.js';
import { binarySchema, describeResponses, isRevalidated } from './openapi-responses.js';

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

const REVALIDATION = { 'If-None-Match': z.string().describe('ETags of what the client has already.') };

/** Describes one row of the route table. */
export function describeRoute(route: Route): Operation {
  const { method, path, tag, summary, description, params, query } = route;
  const headers = { ...(isRevalidated(route) ? REVALIDATION : {}), ...route.headers };
  const access = route.role === 'operator' ? 'Needs the role operator.' : 'Open to viewers and operators.';
  return {
    method,
    path: openApiPath(path),
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    description: [description, access].filter((part) => part !== undefined).join('\n\n'),
    security: SECURITY,
    params,
    query,
    headers: Object.keys(headers).length === 0 ? undefined : z.object(headers).partial(),
    body: describeBody(route),
    responses: describeResponses(route),
  };
}

function describeBody(route: Route): Operation['body'] {
  if (route.rawBody !== undefined) {
    return { required: true, content: { [route.rawBody]: { schema: binarySchema } } };
  }
  if (!route.body) return undefined;
  const example = BODY_EXAMPLES[`${route.method} ${route.path}`];
  const media = { schema: route.body, ...(example === undefined ? {} : { example }) };
  return { required: route.bodyOptional !== true, content: { 'application/json': media } };
}
