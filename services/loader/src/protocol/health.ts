import { AppError } from '@caissa/shared/errors';
import { jsonAnswer } from './answer.js';
import type { Handler } from './exchange.js';
import { findModel } from './find-model.js';

/** `GET /v2/health/live`: the process answers. */
export const answerLive: Handler = () => jsonAnswer(200, { live: true });

/** `GET /v2/health/ready`: positions can be answered. */
export const answerReady: Handler = ({ ready }) => {
  if (ready()) return jsonAnswer(200, { ready: true });
  throw new AppError('INVALID_PARAMETER', 'The active model is not served here at the moment.');
};

/** `GET /v2/models/{model}/ready`. Whatever is wrong, the protocol's word for it is 400. */
export const answerModelReady: Handler = (exchange) => {
  try {
    const { name } = findModel(exchange);
    return jsonAnswer(200, { name, ready: true });
  } catch (error) {
    throw new AppError('INVALID_PARAMETER', error instanceof AppError ? error.message : 'The model is not ready.');
  }
};

/** `GET /metrics`: measurements for Prometheus, the same as on the health port. */
export const answerMetrics: Handler = async ({ metrics }) => {
  if (metrics === undefined) throw new AppError('ROUTE_NOT_FOUND', 'There is no such route.');
  const text = await metrics.metrics();
  return { status: 200, headers: { 'Content-Type': metrics.contentType }, body: [Buffer.from(text)] };
};
