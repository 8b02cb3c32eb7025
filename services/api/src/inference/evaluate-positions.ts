import { readActivation } from '@caissa/registry';
import {
  EVALUATE_BODY_LIMIT_BYTES,
  EVALUATE_LIMIT,
  evaluateRequestSchema,
  evaluateResultSchema,
} from '@caissa/shared/contracts';
import { AppError, ERROR_TABLE, type ErrorCode, isErrorCode, problemSchema } from '@caissa/shared/errors';
import type { ApiContext } from '../context.js';
import { defineRoute } from '../http/route.js';
import type { ReplicaAnswer } from './ask-replica.js';
import { sendAnswer } from './pass-on.js';

/** A model named in the request may have to be converted first. */
const ANSWER_TIMEOUT_MS = 150_000;

/** What one replica may say and another not: it has not heard of the latest activation, or does not see a new file yet. */
const REPLICA_LAGS = [ERROR_TABLE.NO_ACTIVE_MODEL.status, ERROR_TABLE.MODEL_NOT_FOUND.status];

/** `POST /api/model/evaluate` */
export const evaluatePositionsRoute = defineRoute({
  method: 'post',
  path: '/api/model/evaluate',
  tag: 'Inference',
  summary: 'Ask a model what it thinks of positions',
  description:
    'The legal moves of each position with their probabilities, and its value. Answered by one of the loaders; it may be ' +
    'asked as often as they can answer, beyond which they say 503. Redis is not needed for it.',
  role: 'viewer',
  uncounted: true,
  body: evaluateRequestSchema,
  bodyLimits: { bytes: EVALUATE_BODY_LIMIT_BYTES, values: 2 * EVALUATE_LIMIT },
  responses: {
    200: { description: 'One evaluation for each position, in their order.', schema: evaluateResultSchema },
    400: { description: 'The body or a position is not valid; `errors` names the field.', schema: problemSchema },
    404: { description: 'There is no such model.', schema: problemSchema },
    409: { description: 'No model is named and none is active.', schema: problemSchema },
    422: { description: 'The checkpoint of the model was refused.', schema: problemSchema },
    503: { description: 'No loader is ready, or too many positions wait; try again.', schema: problemSchema },
  },
  handler: async ({ forwarder, jobs }, { body, requestId, gone }) => {
    const question = {
      method: 'POST',
      path: '/evaluate',
      headers: { 'content-type': 'application/json', 'x-request-id': requestId },
      body: Buffer.from(JSON.stringify(body)),
      timeoutMs: ANSWER_TIMEOUT_MS,
      signal: gone,
    };
    const answer = await forwarder.ask(question, { retryOn: REPLICA_LAGS });
    if (answer.status === 200) return { status: 200, takeOver: (response) => sendAnswer(response, answer) };
    const refusal = refusalOf(answer);
    throw refusal.code === 'NO_ACTIVE_MODEL' && (await isAnyActive(jobs)) ? notServedYet() : refusal;
  },
});

/** Whether a model is active, as far as Redis can tell: without it the word of the replicas counts. */
async function isAnyActive({ redis, keys }: ApiContext['jobs']): Promise<boolean> {
  return (await readActivation(redis, keys).catch(() => undefined)) !== undefined;
}

function notServedYet(): AppError {
  return new AppError('NO_READY_REPLICA', 'No loader serves the active model at the moment; try again.');
}

/**
 * The error that a replica's problem document reports, so that the client gets one of this server's, with its request
 * id.
 */
function refusalOf({ status, headers, body }: ReplicaAnswer): AppError {
  const problem = readProblem(body);
  if (problem === undefined) return new AppError('INTERNAL', `A loader answered ${status}.`);
  const { code, detail, errors } = problem;
  const retryAfterSeconds = Number(headers['retry-after']) || undefined;
  return new AppError(code, detail, {
    ...(errors === undefined ? {} : { errors }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function readProblem(body: ReplicaAnswer['body']) {
  try {
    const { code, detail, errors } = problemSchema.parse(JSON.parse(body.toString()));
    return isErrorCode(code) ? { code: code satisfies ErrorCode, detail, errors } : undefined;
  } catch {
    return undefined;
  }
}
