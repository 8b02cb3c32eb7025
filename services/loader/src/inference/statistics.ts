import type { ModelStatistics } from './engine.js';
import type { RequestTotals } from './pending-request.js';

interface Total {
  count: number;
  ns: number;
}

const total = (): Total => ({ count: 0, ns: 0 });

function add(to: Total, ns: number): void {
  to.count++;
  to.ns += ns;
}

/** Told of what the models of a loader do; times in nanoseconds. */
export interface InferenceObserver {
  /** A batch was computed. */
  ran(batchSize: number, runNs: number): void;
  /** A request was answered. */
  succeeded(totals: RequestTotals): void;
  /** A request failed, was refused or given up. */
  failed(): void;
}

/** Counts what a model does. It outlives the model's session, which may be restarted. */
export class StatisticsRecorder {
  #inferenceCount = 0;
  #executionCount = 0;
  #lastInferenceMs = 0;
  readonly #success = total();
  readonly #fail = total();
  readonly #queue = total();
  readonly #computeInput = total();
  readonly #computeInfer = total();
  readonly #computeOutput = total();
  readonly #batches = new Map<number, Total>();
  readonly #observer: InferenceObserver | undefined;

  constructor(observer?: InferenceObserver) {
    this.#observer = observer;
  }

  /** Totals so far. As the protocol has it, each request counts the whole run that it was computed in. */
  get totals(): ModelStatistics {
    const batches = [...this.#batches].sort(([a], [b]) => a - b);
    return {
      inferenceCount: this.#inferenceCount,
      executionCount: this.#executionCount,
      lastInferenceMs: this.#lastInferenceMs,
      success: { ...this.#success },
      fail: { ...this.#fail },
      queue: { ...this.#queue },
      computeInput: { ...this.#computeInput },
      computeInfer: { ...this.#computeInfer },
      computeOutput: { ...this.#computeOutput },
      batches: batches.map(([batchSize, { count, ns }]) => ({ batchSize, count, ns })),
    };
  }

  /** A batch was computed. */
  ran(batchSize: number, runNs: number): void {
    this.#executionCount++;
    this.#inferenceCount += batchSize;
    this.#lastInferenceMs = Date.now();
    const batch = this.#batches.get(batchSize) ?? total();
    this.#batches.set(batchSize, batch);
    add(batch, runNs);
    this.#observer?.ran(batchSize, runNs);
  }

  /** A request was answered; `outputNs` is the time it took to take its rows out of the batch. */
  succeeded(totals: RequestTotals, outputNs: number): void {
    const { totalNs, queueNs, inputNs, runNs } = totals;
    add(this.#success, totalNs);
    add(this.#queue, queueNs);
    add(this.#computeInput, inputNs);
    add(this.#computeInfer, runNs);
    add(this.#computeOutput, outputNs);
    this.#observer?.succeeded(totals);
  }

  /** A request failed after this time. */
  failed(totalNs: number): void {
    add(this.#fail, totalNs);
    this.#observer?.failed();
  }
}
