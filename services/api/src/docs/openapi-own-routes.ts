import { readinessSchema } from '@caissa/shared/contracts';
import { z } from 'zod';
import { sessionSchema, signInSchema } from '../access/session-routes.js';
import type { Operation, OperationResponse } from './openapi-operation.js';
import { PROBLEM, withRefusals } from './openapi-responses.js';
import { SECURITY } from './openapi-route.js';

const json = (description: string, schema: z.ZodType): OperationResponse => ({
  description,
  content: { 'application/json': { schema } },
});

const session = (description: string) => json(description, sessionSchema);

const text = (description: string) => ({ description, content: { 'text/plain': { schema: z.string() } } });

const SESSION = { path: '/api/session', tags: ['Access'], security: [] };
const PROBE = { method: 'get' as const, tags: ['Operations'], security: [] };

/** Routes outside the route table: access and operations. */
export const OWN_ROUTES: readonly Operation[] = [
  {
    ...SESSION,
    method: 'get',
    operationId: 'getSession',
    summary: 'Who am I',
    description: 'Tells whether the API needs a key and whose key or session was sent. Never answers 401.',
    responses: withRefusals({ 200: session('Who the caller is.') }, 503),
  },
  {
    ...SESSION,
    method: 'post',
    operationId: 'postSession',
    summary: 'Sign in with an access key',
    description: 'For pages of this server: answers an HttpOnly, SameSite=Strict cookie that lasts 12 hours.',
    body: { required: true, content: { 'application/json': { schema: signInSchema } } },
    responses: withRefusals(
      {
        200: {
          ...session('Signed in.'),
          headers: { 'Set-Cookie': { description: 'The session.', schema: { type: 'string' } } },
        },
        401: { description: 'The key is not known.', content: PROBLEM },
        415: { description: 'The body is of another media type.', content: PROBLEM },
      },
      503,
    ),
  },
  {
    ...SESSION,
    method: 'delete',
    operationId: 'deleteSession',
    summary: 'Sign out',
    responses: withRefusals({ 200: session('Signed out; also if nobody was signed in.') }, 503),
  },
  {
    ...PROBE,
    path: '/livez',
    operationId: 'getLivez',
    summary: 'Whether the process answers',
    responses: withRefusals({ 200: text('It does.') }),
  },
  {
    ...PROBE,
    path: '/readyz',
    operationId: 'getReadyz',
    summary: 'Whether requests can be served, and what is wrong',
    responses: withRefusals({
      200: json('They can; something may still be wrong.', readinessSchema),
      503: json('The process is starting or stopping.', readinessSchema),
    }),
  },
  {
    ...PROBE,
    path: '/metrics',
    operationId: 'getMetrics',
    security: SECURITY,
    summary: 'Measurements for Prometheus',
    responses: withRefusals({ 200: text('Text exposition format.') }, 401, 503),
  },
];
