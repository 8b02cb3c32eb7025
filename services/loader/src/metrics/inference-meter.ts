import { Counter, Histogram, type Registry } from 'prom-client';
import type { RequestTotals } from '../inference/pending-request.js';
import type { InferenceObserver } from '../inference/statistics.js';

/** Seconds that a position may wait or run: from the shortest run of one position to half a minute. */
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30];

const BATCH_SIZES = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256];

const NS_PER_SECOND = 1e9;

/** Measures what the models of a loader do, all of them together: names of models must not make new series. */
export class InferenceMeter implements InferenceObserver {
  readonly #requests: Counter;
  readonly #requestSeconds: Histogram;
  readonly #positions: Counter;
  readonly #batchSizes: Histogram;
  readonly #queueSeconds: Histogram;
  readonly #runSeconds: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'caissa_inference_requests_total',
      help: 'Requests for positions, by outcome: succeeded, or failed, which those are too that found the queue full.',
      labelNames: ['outcome'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'caissa_inference_request_seconds',
      help: 'Time that a request for positions took that succeeded, from when it was understood until all its positions were computed.',
      buckets: SECONDS,
      registers,
    });
    this.#positions = new Counter({
      name: 'caissa_inference_positions_total',
      help: 'Positions that were computed.',
      registers,
    });
    this.#batchSizes = new Histogram({
      name: 'caissa_inference_batch_size',
      help: 'Positions that were computed together.',
      buckets: BATCH_SIZES,
      registers,
    });
    this.#queueSeconds = new Histogram({
      name: 'caissa_inference_queue_seconds',
      help: 'Time that a request waited until its first positions were sent to be computed.',
      buckets: SECONDS,
      registers,
    });
    this.#runSeconds = new Histogram({
      name: 'caissa_inference_run_seconds',
      help: 'Time that computing a batch took, with the way to the process of the session and back.',
      buckets: SECONDS,
      registers,
    });
  }

  ran(batchSize: number, runNs: number): void {
    this.#positions.inc(batchSize);
    this.#batchSizes.observe(batchSize);
    this.#runSeconds.observe(runNs / NS_PER_SECOND);
  }

  succeeded({ totalNs, queueNs }: RequestTotals): void {
    this.#requests.inc({ outcome: 'succeeded' });
    this.#requestSeconds.observe(totalNs / NS_PER_SECOND);
    this.#queueSeconds.observe(queueNs / NS_PER_SECOND);
  }

  failed(): void {
    this.#requests.inc({ outcome: 'failed' });
  }
}
