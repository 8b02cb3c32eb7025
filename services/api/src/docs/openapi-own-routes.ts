import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { problemSchema } from '@caissa/shared/errors';
import { sessionSchema, signInSchema } from '../access/session-routes.js';
import { readinessSchema } from '../operations/readiness.js';

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

const session = (description: string) => ({ description, content: { 'application/json': { schema: sessionSchema } } });

const SESSION = { path: '/api/session', tags: ['Access'], security: [] };
const PROBE = { method: 'get' as const, tags: ['Operations'], security: [] };

/** Routes outside the route table: access and operations. */
export const OWN_ROUTES: readonly RouteConfig[] = [
  {
    ...SESSION,
    method: 'get',
    operationId: 'getSession',
    summary: 'Who am I',
    description: 'Tells whether the API needs a key and whose key or session was sent. Never answers 401.',
    responses: { 200: session('Who the caller is.'), 429: problem('Too many requests in a minute.') },
  },
  {
    ...SESSION,
    method: 'post',
    operationId: 'postSession',
    summary: 'Sign in with an access key',
    description: 'For pages of this server: answers an HttpOnly, SameSite=Strict cookie that lasts 12 hours.',
    request: { body: { required: true, content: { 'application/json': { schema: signInSchema } } } },
    responses: {
      200: { ...session('Signed in.'), headers: { 'Set-Cookie': { schema: { type: 'string' } } } },
      400: problem('The body is not valid.'),
      401: problem('The key is not known.'),
      403: problem('A page of another origin sent the request.'),
      429: problem('Too many requests or wrong keys in a minute.'),
      503: problem('Redis cannot be reached.'),
    },
  },
  {
    ...SESSION,
    method: 'delete',
    operationId: 'deleteSession',
    summary: 'Sign out',
    responses: {
      200: session('Signed out; also if nobody was signed in.'),
      403: problem('A page of another origin sent the request.'),
      503: problem('Redis cannot be reached.'),
    },
  },
  {
    ...PROBE,
    path: '/livez',
    operationId: 'getLivez',
    summary: 'Whether the process answers',
    responses: { 200: { description: 'It does.', content: { 'text/plain': { schema: { type: 'string' } } } } },
  },
  {
    ...PROBE,
    path: '/readyz',
    operationId: 'getReadyz',
    summary: 'Whether Redis and the store of files can be used',
    responses: {
      200: { description: 'Both can.', content: { 'application/json': { schema: readinessSchema } } },
      503: { description: 'One cannot.', content: { 'application/json': { schema: readinessSchema } } },
    },
  },
  {
    ...PROBE,
    path: '/metrics',
    operationId: 'getMetrics',
    security: [{ bearer: [] }, { apiKey: [] }, { session: [] }, {}],
    summary: 'Measurements for Prometheus',
    responses: {
      200: { description: 'Text exposition format.', content: { 'text/plain': { schema: { type: 'string' } } } },
      401: problem('An access key is needed.'),
      429: problem('Too many requests in a minute.'),
    },
  },
];
