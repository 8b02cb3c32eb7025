import { EVALUATE_BODY_LIMIT_BYTES, evaluateRequestSchema } from '@caissa/shared/contracts';
import { validateBody } from '@caissa/shared/http';
import { evaluateFens } from '../evaluate/evaluate-fens.js';
import { jsonAnswer } from './answer.js';
import { connectionSignal, type Handler } from './exchange.js';
import { parseJson } from './json-body.js';

/** `POST /evaluate`: what the network thinks of positions, in terms of chess. */
export const answerEvaluate: Handler = async (exchange) => {
  const body = parseJson(await exchange.readBody(EVALUATE_BODY_LIMIT_BYTES), 'The body');
  const request = validateBody(evaluateRequestSchema, body);
  const positions = await evaluateFens(exchange.engine, request, connectionSignal(exchange.request.socket));
  return jsonAnswer(200, { success: true, positions });
};
