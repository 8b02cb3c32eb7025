import { AppError } from '@caissa/shared/errors';
import type { Handler } from './exchange.js';

/** `GET /metrics`: measurements for Prometheus, the same as on the health port. */
export const answerMetrics: Handler = async ({ metrics }) => {
  if (metrics === undefined) throw new AppError('ROUTE_NOT_FOUND', 'There is no such route.');
  const text = await metrics.metrics();
  return { status: 200, headers: { 'Content-Type': metrics.contentType }, body: [Buffer.from(text)] };
};
