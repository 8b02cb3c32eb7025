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

  /** Positions computed so far. */
  get positions(): number {
    return this.#inferenceCount;
  }

  /** A batch was computed. */
  ran(batchSize: number, runNs: number): void {
    this.#executionCount++;
    this.#inferenceCount += batchSize;
    this.#lastInferenceMs = Date.now();
    const batch = this.#batches.get(batchSize) ?? total();
    this.#batches.set(batchSize, batch);
    add(batch, runNs);
  }

  /** A request was answered; `outputNs` is the time it took to take its rows out of the batch. */
  succeeded({ totalNs, queueNs, inputNs, runNs }: RequestTotals, outputNs: number): void {
    add(this.#success, totalNs);
    add(this.#queue, queueNs);
    add(this.#computeInput, inputNs);
    add(this.#computeInfer, runNs);
    add(this.#computeOutput, outputNs);
  }

  /** A request failed after this time. */
  failed(totalNs: number): void {
    add(this.#fail, totalNs);
  }
}
