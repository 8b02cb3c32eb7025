import type { Answer } from './answer.js';
import { encode, wantedCoding } from './content-coding.js';
import { connectionSignal, type Handler } from './exchange.js';
import { findModel } from './find-model.js';
import { inferAnswer } from './infer-answer.js';
import { readInferRequest } from './read-infer-request.js';

/** `POST /v2/models/{model}/infer`. */
export const answerInfer: Handler = async (exchange) => {
  const { request } = exchange;
  // A client that asks for a model that is not there need not send its positions first.
  findModel(exchange);
  const body = await exchange.readBody();
  const header = request.headers['inference-header-content-length'];
  const inferRequest = await readInferRequest(body, header === undefined ? undefined : String(header));
  // The model may have been exchanged while the body arrived.
  const model = findModel(exchange);
  const result = await model.infer(inferRequest.boards, inferRequest.count, connectionSignal(request.socket));
  const answer = await inferAnswer(model, inferRequest, result);
  return compressed(answer, request.headers['accept-encoding']);
};

async function compressed(answer: Answer, accepted: string | string[] | undefined): Promise<Answer> {
  const coding = wantedCoding(accepted);
  if (coding === undefined) return answer;
  const headers = { ...answer.headers, 'Content-Encoding': coding, Vary: 'Accept-Encoding' };
  return { ...answer, headers, body: [await encode(coding, answer.body)] };
}
