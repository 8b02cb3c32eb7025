import { BodyReader } from '@caissa/shared/http';
import { type RequestHandler, Router } from 'express';
import type { Access } from '../access/create-access.js';
import type { ApiContext } from '../context.js';
import { endWhenIdle } from '../http/request-body.js';
import { signalOf } from '../http/response-signal.js';
import type { Question, ReplicaAnswer } from './ask-replica.js';
import type { ForwardOptions } from './forwarder.js';
import { combineAnswers, requestHeaders, sendAnswer } from './pass-on.js';

/** A run takes half a minute at most, and may have waited for others before. */
const ANSWER_TIMEOUT_MS = 60_000;

/** A model that is opened for the first time is converted. */
const LOAD_TIMEOUT_MS = 150_000;

const ANYTHING = /^\/v2(\/|$)/;

/** Requests other than `GET` that change nothing. */
const READING = /^\/v2\/(models\/[^/]+(\/versions\/[^/]+)?\/infer|repository\/index)\/?$/;

/** Requests that go to every replica, not just one. */
const FOR_ALL = /^\/v2\/repository\/models\/[^/]+\/(load|unload)$/;

const READY = /\/ready$/;

/** A path of a model that some replicas may hold and others not: any but the active one. */
const NAMED_MODEL = /^\/v2\/models\/(?!(active|stats)(\/|$))/;

/**
 * The Open Inference Protocol, passed on to replicas: `/v2/…`. Reading and inference are not counted by the rate limit,
 * which asks Redis; the queues of the replicas are bounded instead.
 */
export function createProtocolRoutes(context: Pick<ApiContext, 'forwarder'>, access: Access): Router {
  const { forwarder } = context;
  const bodies = new BodyReader();
  const passOn =
    (timeoutMs: number, ask: (question: Question, path: string) => Promise<ReplicaAnswer>): RequestHandler =>
    async (request, response) => {
      const { method, originalUrl: path } = request;
      endWhenIdle(request);
      const body = await bodies.read(request, response);
      const question = { method, path, headers: requestHeaders(request), body, timeoutMs };
      const signal = signalOf(response);
      await sendAnswer(response, await ask({ ...question, signal }, request.path));
    };
  const forward = (optionsOf: (path: string) => ForwardOptions) =>
    passOn(ANSWER_TIMEOUT_MS, (question, path) => forwarder.ask(question, optionsOf(path)));
  const forwardToAll = passOn(LOAD_TIMEOUT_MS, async (question) => combineAnswers(await forwarder.askAll(question)));
  // Whether a model, or a replica, is ready is said by 200 or 400 alone.
  const forwardToOne = forward((path) => {
    if (READY.test(path)) return { retryOn: [400] };
    return NAMED_MODEL.test(path) ? { retryOn: [404] } : {};
  });
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/v2/health/live', (_request, response) => void response.json({ live: true }));
  router.get('/v2/health/ready', forwardToOne);
  router.post(FOR_ALL, ...access.allow('operator'), refuseLater, forwardToAll);
  router.get(ANYTHING, ...access.allowUncounted('viewer'), forwardToOne);
  router.post(READING, ...access.allowUncounted('viewer'), forwardToOne);
  router.all(ANYTHING, ...access.allow('operator'), forwardToOne);
  return router;
}

/** Loading on several replicas is not a job in the queue. */
const refuseLater: RequestHandler = (request, response, next) => {
  const wanted = String(request.headers['prefer'] ?? '');
  if (!/(^|,)\s*respond-async\s*(,|;|$)/i.test(wanted)) return next();
  response.status(501).json({
    error: 'Prefer: respond-async is not offered here; POST /api/model/load/{model_name} answers with a job.',
  });
};
