import { AppError } from '@caissa/shared/errors';
import { answerEvaluate } from './evaluate.js';
import type { Handler } from './exchange.js';
import { answerLive, answerMetrics, answerModelReady, answerReady } from './health.js';
import { answerInfer } from './infer.js';
import { answerConfig, answerModel, answerServer } from './metadata.js';
import { answerIndex, answerLoad, answerUnload } from './repository.js';
import { notOffered } from './requested-outputs.js';
import { answerModelStatistics, answerStatistics } from './statistics.js';

/** One address and what is done there. */
export interface Route {
  /** Segments; `:name` stands for any one, `*` for any number of them. */
  readonly path: string;
  /** `ANY` where the method does not matter. */
  readonly method: 'GET' | 'POST' | 'ANY';
  readonly handler: Handler;
  /** Whether it needs no proof of who asks. */
  readonly open?: boolean;
  /** Whether failures are told in problem documents instead of the protocol's way. */
  readonly problems?: boolean;
}

/** A route that matches a request. */
export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const refuse =
  (what: string): Handler =>
  () => {
    throw notOffered(what);
  };

/** The routes for models, once for the version that is there and once for a named one. */
function modelRoutes(path: string): Route[] {
  return [
    { path: `${path}/infer`, method: 'POST', handler: answerInfer },
    { path, method: 'GET', handler: answerModel },
    { path: `${path}/config`, method: 'GET', handler: answerConfig },
    { path: `${path}/ready`, method: 'GET', handler: answerModelReady, open: true },
    { path: `${path}/stats`, method: 'GET', handler: answerModelStatistics },
  ];
}

/** Every address of the server; the first that matches counts. */
const ROUTES: readonly Route[] = [
  { path: '/v2/models/stats', method: 'GET', handler: answerStatistics },
  ...modelRoutes('/v2/models/:model'),
  ...modelRoutes('/v2/models/:model/versions/:version'),
  { path: '/v2/health/live', method: 'GET', handler: answerLive, open: true },
  { path: '/v2/health/ready', method: 'GET', handler: answerReady, open: true },
  { path: '/v2', method: 'GET', handler: answerServer },
  { path: '/v2/repository/index', method: 'POST', handler: answerIndex },
  { path: '/v2/repository/models/:model/load', method: 'POST', handler: answerLoad },
  { path: '/v2/repository/models/:model/unload', method: 'POST', handler: answerUnload },
  { path: '/v2/systemsharedmemory/*', method: 'ANY', handler: refuse('Shared memory') },
  { path: '/v2/cudasharedmemory/*', method: 'ANY', handler: refuse('Shared memory') },
  { path: '/v2/trace/setting', method: 'ANY', handler: refuse('Tracing') },
  { path: '/v2/models/:model/trace/setting', method: 'ANY', handler: refuse('Tracing') },
  { path: '/v2/logging', method: 'ANY', handler: refuse('Changing what is logged') },
  { path: '/metrics', method: 'GET', handler: answerMetrics },
  { path: '/evaluate', method: 'POST', handler: answerEvaluate, problems: true },
];

const SEGMENTED = ROUTES.map((route) => ({ route, segments: route.path.split('/') }));

/** Whether a route takes requests of a method. */
export function offers({ method }: Route, wanted: string | undefined): boolean {
  return method === 'ANY' || method === wanted || (method === 'GET' && wanted === 'HEAD');
}

/** The methods that a route takes, for a header `Allow`. */
export function methodsOf({ method }: Route): string {
  return method === 'GET' ? 'GET, HEAD' : method;
}

/** Finds the route of an address. @throws AppError ROUTE_NOT_FOUND, INVALID_PARAMETER */
export function matchRoute(url: string): RouteMatch {
  const query = url.indexOf('?');
  const segments = (query === -1 ? url : url.slice(0, query)).split('/');
  for (const { route, segments: pattern } of SEGMENTED) {
    const params = matchSegments(pattern, segments);
    if (params !== undefined) return { route, params };
  }
  throw new AppError('ROUTE_NOT_FOUND', 'There is no such route.');
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const open = pattern.at(-1) === '*';
  if (open ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  const params: Record<string, string> = {};
  for (let i = open ? pattern.length - 2 : pattern.length - 1; i > 0; i--) {
    const wanted = pattern[i] ?? '';
    const given = segments[i] ?? '';
    if (wanted.startsWith(':')) params[wanted.slice(1)] = given.includes('%') ? decode(given) : given;
    else if (wanted !== given) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AppError('INVALID_PARAMETER', 'The address holds a % that is not followed by two hexadecimal digits.');
  }
}
