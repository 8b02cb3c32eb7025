import type { Request } from 'express';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Paths that lead to routes of other programs or of loaders; each counts as one. */
const WHOLE_AREAS = ['/admin/queues', '/pages', '/v2'];

/** The pattern of the route that handled a request, of which there are few; `none` if there is no such route. */
export function routeOf(request: Request): string {
  const area = WHOLE_AREAS.find((path) => request.originalUrl.startsWith(path));
  if (area !== undefined) return area;
  const route: unknown = request.route;
  const pattern = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  return typeof pattern === 'string' ? pattern : 'none';
}

/** The method of a request; `other` for those that no route has. */
export function methodOf({ method }: Request): string {
  return METHODS.has(method) ? method : 'other';
}
