import { type InferenceResult, POSITION_FLOATS } from './engine.js';

/** Outputs of positions, row-major; the rows of one run or of one request. */
export interface OutputRows {
  readonly policy: Float32Array;
  readonly value: Float32Array;
}

/** Where the time of a run went, in nanoseconds: gathering the inputs, the run itself with the way there and back. */
export interface RunTiming {
  readonly inputNs: number;
  readonly runNs: number;
}

/** Some positions of one request that are computed in one run. */
export interface Piece {
  readonly request: PendingRequest;
  /** First position, counted in the request. */
  readonly from: number;
  readonly count: number;
}

/** What a request came to, for the statistics; times in nanoseconds. */
export interface RequestTotals {
  readonly totalNs: number;
  readonly queueNs: number;
  readonly inputNs: number;
  readonly runNs: number;
}

/**
 * One caller's positions on their way: handed out in pieces that fit into a batch, and joined again from the answers.
 * A request is settled once: by its last piece, the first failure, or its caller who gives up.
 */
export class PendingRequest {
  readonly boards: Float32Array;
  readonly count: number;
  readonly result: Promise<InferenceResult>;
  readonly createdMs = performance.now();
  readonly #generation: number | null;
  #handedOut = 0;
  #answered = 0;
  #joined: OutputRows | undefined;
  #queueNs = 0;
  #inputNs = 0;
  #runNs = 0;
  #settled = false;
  #resolve: (result: InferenceResult) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(boards: Float32Array, count: number, generation: number | null) {
    this.boards = boards;
    this.count = count;
    this.#generation = generation;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Positions that no piece holds yet. */
  get waiting(): number {
    return this.count - this.#handedOut;
  }

  get isSettled(): boolean {
    return this.#settled;
  }

  get totals(): RequestTotals {
    const totalNs = toNs(performance.now() - this.createdMs);
    return { totalNs, queueNs: this.#queueNs, inputNs: this.#inputNs, runNs: this.#runNs };
  }

  /** Hands out the next `count` positions. */
  take(count: number): Piece {
    if (this.#handedOut === 0) this.#queueNs = toNs(performance.now() - this.createdMs);
    const piece = { request: this, from: this.#handedOut, count };
    this.#handedOut += count;
    return piece;
  }

  /** The inputs of a piece, a view. */
  boardsOf({ from, count }: Piece): Float32Array {
    return this.boards.subarray(from * POSITION_FLOATS.board, (from + count) * POSITION_FLOATS.board);
  }

  /** Gives a piece its rows; returns whether the request is complete by it. The rows are kept, not copied, if they are all. */
  answer({ from, count }: Piece, rows: OutputRows, timing: RunTiming): boolean {
    if (this.#settled) return false;
    this.#inputNs += timing.inputNs;
    this.#runNs += timing.runNs;
    this.#answered += count;
    let outputs = rows;
    if (count < this.count) {
      this.#joined ??= {
        policy: new Float32Array(this.count * POSITION_FLOATS.policy),
        value: new Float32Array(this.count * POSITION_FLOATS.value),
      };
      this.#joined.policy.set(rows.policy, from * POSITION_FLOATS.policy);
      this.#joined.value.set(rows.value, from * POSITION_FLOATS.value);
      outputs = this.#joined;
    }
    if (this.#answered < this.count) return false;
    this.#settled = true;
    const { policy, value } = outputs;
    const generation = this.#generation;
    this.#resolve({ policy, value, generation, timing: { queueNs: this.#queueNs, runNs: this.#runNs } });
    return true;
  }

  /** Fails the request; returns false if it was settled before. */
  fail(reason: unknown): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#reject(reason);
    return true;
  }
}

/** Milliseconds in whole nanoseconds. */
export function toNs(ms: number): number {
  return Math.round(ms * 1e6);
}
