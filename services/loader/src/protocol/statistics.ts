import type { ServingModel } from '../inference/engine.js';
import { jsonAnswer } from './answer.js';
import type { Handler } from './exchange.js';
import { findModel } from './find-model.js';

const NEVER = { count: 0, ns: 0 };

/** `GET /v2/models/{model}/stats`. */
export const answerModelStatistics: Handler = (exchange) =>
  jsonAnswer(200, { model_stats: [statisticsOf(findModel(exchange))] });

/** `GET /v2/models/stats`: of all models that are ready. */
export const answerStatistics: Handler = async ({ engine }) => {
  const states = await engine.states();
  const models = states.flatMap(({ name, state }) => (state === 'READY' ? (engine.find(name) ?? []) : []));
  return jsonAnswer(200, { model_stats: models.map(statisticsOf) });
};

/** Source: Triton's statistics extension. Times are totals in nanoseconds. */
function statisticsOf({ name, version, statistics }: ServingModel) {
  const { success, fail, queue, computeInput, computeInfer, computeOutput, batches } = statistics;
  return {
    name,
    version,
    last_inference: statistics.lastInferenceMs,
    inference_count: statistics.inferenceCount,
    execution_count: statistics.executionCount,
    inference_stats: {
      success,
      fail,
      queue,
      compute_input: computeInput,
      compute_infer: computeInfer,
      compute_output: computeOutput,
      cache_hit: NEVER,
      cache_miss: NEVER,
    },
    batch_stats: batches.map(({ batchSize, count, ns }) => ({
      batch_size: batchSize,
      compute_input: { count, ns: 0 },
      compute_infer: { count, ns },
      compute_output: { count, ns: 0 },
    })),
    memory_usage: [],
    response_stats: {},
  };
}
