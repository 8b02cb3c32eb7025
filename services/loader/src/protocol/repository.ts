import { AppError } from '@caissa/shared/errors';
import { ACTIVE } from '../inference/engine.js';
import { EMPTY_OK, jsonAnswer } from './answer.js';
import type { Exchange, Handler } from './exchange.js';
import { checkName } from './find-model.js';
import { flagOf, type JsonRecord, parametersOf, parseRecord } from './json-body.js';
import { notOffered } from './requested-outputs.js';

/** These requests say little. */
const BODY_LIMIT_BYTES = 64 << 10;

/** `POST /v2/repository/index`: every model there is, or only those that are ready. */
export const answerIndex: Handler = async (exchange) => {
  const ready = flagOf(await readRecord(exchange), 'ready') ?? false;
  const states = await exchange.engine.states();
  const shown = states.filter(({ state }) => !ready || state === 'READY');
  return jsonAnswer(
    200,
    shown.map(({ name, version, state, reason }) => ({ name, ...(version === '' ? {} : { version }), state, reason })),
  );
};

/** `POST /v2/repository/models/{model}/load`: answers once the model is ready beside the active one. */
export const answerLoad: Handler = async (exchange) => {
  const name = await readModel(exchange);
  await exchange.engine.load(name);
  return EMPTY_OK;
};

/** `POST /v2/repository/models/{model}/unload`: answers once no new request reaches the model. */
export const answerUnload: Handler = async (exchange) => {
  const name = await readModel(exchange);
  await exchange.engine.unload(name);
  return EMPTY_OK;
};

async function readModel(exchange: Exchange): Promise<string> {
  const name = checkName(exchange.params['model']);
  if (name === ACTIVE) {
    throw new AppError('INVALID_NAME', '"active" stands for whichever model is active; name the model itself.');
  }
  const parameters = Object.keys(parametersOf(await readRecord(exchange), 'the request'));
  if (parameters.some((key) => key === 'config' || key.startsWith('file:'))) {
    throw notOffered('Loading a configuration or files that come with the request');
  }
  return name;
}

async function readRecord(exchange: Exchange): Promise<JsonRecord> {
  const body = await exchange.readBody(BODY_LIMIT_BYTES);
  return body.length === 0 ? {} : parseRecord(body, 'The body');
}
